using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.Durable.Host.Configuration;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>Every enabled function of the app, found by its attributes and checked before the first request.</summary>
internal sealed partial class FunctionCatalog
{
    private const string ClassBased = "Write it as a class derived from TaskOrchestrator or TaskActivity, and register that in UseDurableTask.";

    private FunctionCatalog(IReadOnlyList<HttpFunction> http, IReadOnlyList<TimerFunction> timers, IReadOnlyList<string> disabled)
    {
        Http = http;
        Timers = timers;
        Disabled = disabled;
    }

    public IReadOnlyList<HttpFunction> Http { get; }

    public IReadOnlyList<TimerFunction> Timers { get; }

    public IReadOnlyList<string> Disabled { get; }

    public IEnumerable<FunctionMethod> All => Http.Select(function => function.Method).Concat(Timers.Select(function => function.Method));

    /// <exception cref="HostStartupException">A function is declared in a way that could never be called.</exception>
    public static FunctionCatalog Discover(IEnumerable<Type> classes, HttpHostOptions options, IConfiguration configuration)
    {
        var http = new List<HttpFunction>();
        var timers = new List<TimerFunction>();
        var disabled = new List<string>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (method, attribute) in Marked(classes))
        {
            if (!FunctionName().IsMatch(attribute.Name))
            {
                throw Invalid(attribute.Name, method, "a name starts with a letter and goes on with at most 126 letters, digits, '-' and '_'");
            }

            if (!names.Add(attribute.Name))
            {
                throw Invalid(attribute.Name, method, "another function has the same name");
            }

            if (IsDisabled(configuration, attribute.Name))
            {
                disabled.Add(attribute.Name);
                continue;
            }

            if (Parameter<HttpTriggerAttribute>(method) is var (request, trigger))
            {
                http.Add(HttpFunction.Create(attribute.Name, method, request, trigger, options, configuration));
            }
            else if (Parameter<TimerTriggerAttribute>(method) is var (timer, schedule))
            {
                timers.Add(TimerFunction.Create(attribute.Name, method, timer, schedule, configuration));
            }
            else
            {
                var durable = Parameter<OrchestrationTriggerAttribute>(method) is not null || Parameter<ActivityTriggerAttribute>(method) is not null;
                throw Invalid(
                    attribute.Name,
                    method,
                    durable ? "orchestrators and activities are classes in this host" : "no parameter is marked with a trigger",
                    durable ? ClassBased : "Mark one parameter with [HttpTrigger] or [TimerTrigger].");
            }
        }

        HttpFunction.RefuseAmbiguousRoutes(http);
        return new FunctionCatalog(http, timers, disabled);
    }

    public static HostStartupException Invalid(string name, MethodInfo method, string why, string remedy = "Correct the declaration.") =>
        new("function.invalid", $"Function '{name}' ({method.DeclaringType?.FullName}.{method.Name}): {why}.", remedy, HostExitCodes.Software);

    private static IEnumerable<(MethodInfo Method, FunctionAttribute Attribute)> Marked(IEnumerable<Type> classes) =>
        from type in classes.Distinct()
        where type.IsClass && (!type.IsAbstract || type.IsSealed)
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        let attribute = method.GetCustomAttribute<FunctionAttribute>()
        where attribute is not null
        orderby attribute.Name
        select (method, attribute);

    private static (ParameterInfo Parameter, T Attribute)? Parameter<T>(MethodInfo method) where T : Attribute
    {
        foreach (var parameter in method.GetParameters())
        {
            if (parameter.GetCustomAttribute<T>() is { } attribute)
            {
                return (parameter, attribute);
            }
        }

        return null;
    }

    private static bool IsDisabled(IConfiguration configuration, string name) =>
        (configuration[$"AzureWebJobs.{name}.Disabled"] ?? configuration[$"AzureWebJobs:{name}:Disabled"]) is { } text
        && (text == "1" || text.Equals("true", StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,126}$", RegexOptions.NonBacktracking)]
    private static partial Regex FunctionName();
}
