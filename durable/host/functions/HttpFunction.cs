using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.Durable.Host.Configuration;
using SnapshotWorkflows.Durable.Host.Keys;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Functions.Worker.Http;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>A function that answers HTTP requests.</summary>
/// <param name="Verbs">Upper case; empty = every verb.</param>
internal sealed record HttpFunction(FunctionMethod Method, RoutePattern Route, IReadOnlyList<string> Verbs, KeyRequirement Key)
{
    public static HttpFunction Create(
        string name, MethodInfo method, ParameterInfo request, HttpTriggerAttribute trigger, HttpHostOptions options, IConfiguration configuration)
    {
        if (request.ParameterType != typeof(HttpRequest) && request.ParameterType != typeof(HttpRequestData))
        {
            throw FunctionCatalog.Invalid(
                name, method, $"[HttpTrigger] stands on '{request.ParameterType.Name} {request.Name}', but this host binds it to HttpRequest or HttpRequestData", "Take the body by another parameter with [FromBody].");
        }

        if (trigger.AuthLevel == AuthorizationLevel.User)
        {
            throw FunctionCatalog.Invalid(name, method, "authorization level User has no meaning in this host", "Use Anonymous, Function, System or Admin.");
        }

        if (FunctionMethod.ResultTypeOf(method.ReturnType) is { } result && !IsAnswer(result))
        {
            throw FunctionCatalog.Invalid(
                name, method, "an HTTP trigger returns IActionResult, IResult or HttpResponseData (or a task of one), or nothing when it writes to the response itself", "Return new OkObjectResult(...) for an object.");
        }

        var route = ParseRoute(name, method, trigger, options, configuration);
        var bindings = method.GetParameters().Select(parameter => HttpParameters.Bind(name, method, parameter, route)).ToArray();
        var verbs = (trigger.Methods ?? []).Select(verb => verb.ToUpperInvariant()).Distinct(StringComparer.Ordinal).ToArray();
        return new HttpFunction(new FunctionMethod(name, method, bindings), route, verbs, new KeyRequirement(trigger.AuthLevel, name));
    }

    /// <summary>Two functions that would match the same request are an error at start, not a 500 at night.</summary>
    public static void RefuseAmbiguousRoutes(IReadOnlyList<HttpFunction> functions)
    {
        var taken = new Dictionary<string, HttpFunction>(StringComparer.OrdinalIgnoreCase);
        foreach (var function in functions)
        {
            var shape = string.Join('/', function.Route.PathSegments.Select(segment => string.Concat(segment.Parts.Select(ShapeOf))));
            foreach (var verb in function.Verbs.Count == 0 ? ["*"] : function.Verbs)
            {
                if (!taken.TryAdd($"{verb} {shape}", function))
                {
                    throw new HostStartupException(
                        "function.ambiguousRoute",
                        $"Functions '{taken[$"{verb} {shape}"].Method.Name}' and '{function.Method.Name}' both answer {verb} /{function.Route.RawText}.",
                        "Give one of them another route or other methods.",
                        HostExitCodes.Software);
                }
            }
        }

        static string ShapeOf(RoutePatternPart part) => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            RoutePatternParameterPart parameter => $"{{{(parameter.IsCatchAll ? "*" : "")}:{string.Join(':', parameter.ParameterPolicies.Select(policy => policy.Content))}}}",
            _ => "?",
        };
    }

    private static bool IsAnswer(Type type) => 
        typeof(IActionResult).IsAssignableFrom(type) || typeof(IResult).IsAssignableFrom(type) || typeof(HttpResponseData).IsAssignableFrom(type);

    private static RoutePattern ParseRoute(string name, MethodInfo method, HttpTriggerAttribute trigger, HttpHostOptions options, IConfiguration configuration)
    {
        var relative = trigger.Route is null ? name : HostSettings.Expand(configuration, trigger.Route, $"The route of function '{name}'").Trim('/');
        var template = options.RoutePrefix.Length == 0 ? relative : $"{options.RoutePrefix}/{relative}";
        var first = template.Split('/')[0];
        if (first.Equals("admin", StringComparison.OrdinalIgnoreCase) || first.Equals("runtime", StringComparison.OrdinalIgnoreCase) || template.Equals("metrics", StringComparison.OrdinalIgnoreCase))
        {
            throw FunctionCatalog.Invalid(name, method, $"route '{template}' lies under /{first}, which is the host's own", "Use another route or routePrefix.");
        }

        try
        {
            return RoutePatternFactory.Parse(template);
        }
        catch (RoutePatternException e)
        {
            throw FunctionCatalog.Invalid(name, method, $"route '{template}' is no route template: {e.Message.TrimEnd('.')}");
        }
    }
}
