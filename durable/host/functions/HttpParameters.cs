using System.ComponentModel;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host.Http;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Functions.Worker.Http;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>
/// Binds the parameters of HTTP functions: the request, the durable client, route values by name, a [FromBody] object, [FromQuery] and [FromHeader] values, services,
/// the function context and the token.
/// </summary>
internal static class HttpParameters
{
    private const string Remedy = "Name a route parameter, use [FromBody], [FromQuery], [FromHeader], [DurableClient], HttpRequest, FunctionContext or CancellationToken, or inject services into the constructor.";

    public static ParameterBinding Bind(string function, MethodInfo method, ParameterInfo parameter, RoutePattern route)
    {
        var type = parameter.ParameterType;
        if (Common(parameter) is { } common)
        {
            return common;
        }

        if (type == typeof(HttpRequest))
        {
            return (invocation, _) => new(invocation.Http!.Request);
        }

        if (type == typeof(HttpRequestData))
        {
            return (invocation, called) => new(invocation.RequestData(called));
        }

        if (type == typeof(HttpContext))
        {
            return (invocation, _) => new(invocation.Http);
        }

        if (parameter.GetCustomAttribute<Microsoft.AspNetCore.Mvc.FromBodyAttribute>() is not null || parameter.GetCustomAttribute<SnapshotWorkflows.Functions.Worker.Http.FromBodyAttribute>() is not null)
        {
            return (invocation, _) => ReadBodyAsync(invocation.Http!, type);
        }

        if (parameter.GetCustomAttribute<FromQueryAttribute>() is { } query)
        {
            return Value(function, method, parameter, NameOf(query, parameter), "query", static (http, name) => http.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null);
        }

        if (parameter.GetCustomAttribute<FromHeaderAttribute>() is { } header)
        {
            return Value(function, method, parameter, NameOf(header, parameter), "header", static (http, name) => http.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null);
        }

        var named = parameter.GetCustomAttribute<FromRouteAttribute>() is { } routed ? NameOf(routed, parameter) : parameter.Name!;
        if (route.GetParameter(named) is not null)
        {
            return Value(function, method, parameter, named, "path", static (http, name) => http.GetRouteValue(name)?.ToString());
        }

        throw FunctionCatalog.Invalid(function, method, $"nothing binds parameter '{type.Name} {parameter.Name}'", Remedy);
    }

    /// <summary>What any function may take; null when the parameter is none of it.</summary>
    public static ParameterBinding? Common(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        if (type == typeof(CancellationToken))
        {
            return (invocation, _) => new(invocation.Cancellation);
        }

        if (type == typeof(FunctionContext))
        {
            return (invocation, called) => new(invocation.Context(called));
        }

        if (type == typeof(DurableTaskClient) && parameter.GetCustomAttribute<DurableClientAttribute>() is not null)
        {
            return (invocation, _) => new(invocation.Services.GetRequiredService<DurableTaskClient>());
        }

        return parameter.GetCustomAttribute<FromServicesAttribute>() is not null ? (invocation, _) => new(invocation.Services.GetRequiredService(type)) : null;
    }

    private static string NameOf(IModelNameProvider attribute, ParameterInfo parameter) => attribute.Name ?? parameter.Name!;

    private static ParameterBinding Value(
        string function, MethodInfo method, ParameterInfo parameter, string name, string place, Func<HttpContext, string, string?> find)
    {
        var target = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        var missing = parameter.HasDefaultValue ? parameter.DefaultValue
            : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null;
        var converter = TypeDescriptor.GetConverter(target);
        if (target != typeof(string) && !converter.CanConvertFrom(typeof(string)))
        {
            throw FunctionCatalog.Invalid(function, method, $"{place} parameter '{name}' cannot be read as {target.Name}");
        }

        return (invocation, _) =>
        {
            if (find(invocation.Http!, name) is not { } text)
            {
                return new(missing);
            }

            if (target == typeof(string))
            {
                return new(text);
            }

            try
            {
                return new(converter.ConvertFromInvariantString(text));
            }
            catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException or OverflowException)
            {
                throw new HostProblemException(new HostProblem(
                    StatusCodes.Status400BadRequest, place == "path" ? "route.value" : $"{place}.value", $"'{name}' in the {place} is not a {target.Name}.", $"Correct '{name}' in the {place}."));
            }
        };
    }

    private static async ValueTask<object?> ReadBodyAsync(HttpContext context, Type type)
    {
        var options = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.JsonSerializerOptions;
        return await RequestBody.ReadAsync(context.Request, options.GetTypeInfo(type));
    }
}
