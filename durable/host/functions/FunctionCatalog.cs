using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Host.Configuration;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>Every enabled function of the app, found by its attributes and checked before the first request.</summary>
internal sealed partial class FunctionCatalog
{
    private FunctionCatalog(
        IReadOnlyList<HttpFunction> http,
        IReadOnlyList<TimerFunction> timers,
        IReadOnlyList<OrchestratorFunction> orchestrators,
        IReadOnlyList<ActivityFunction> activities,
        IReadOnlyList<EntityFunction> entities,
        IReadOnlyList<FunctionDescription> disabled)
    {
        Http = http;
        Timers = timers;
        Orchestrators = orchestrators;
        Activities = activities;
        Entities = entities;
        Disabled = disabled;
    }

    public IReadOnlyList<HttpFunction> Http { get; }

    public IReadOnlyList<TimerFunction> Timers { get; }

    public IReadOnlyList<OrchestratorFunction> Orchestrators { get; }

    public IReadOnlyList<ActivityFunction> Activities { get; }

    public IReadOnlyList<EntityFunction> Entities { get; }

    /// <summary>Whether any function needs the engine.</summary>
    public bool IsDurable => Orchestrators.Count + Activities.Count + Entities.Count > 0;

    public IReadOnlyList<FunctionDescription> Disabled { get; }

    public IEnumerable<FunctionMethod> All =>
    [
        .. Http.Select(function => function.Method),
        .. Timers.Select(function => function.Method),
        .. Orchestrators.Select(function => function.Method),
        .. Activities.Select(function => function.Method),
        .. Entities.Select(function => function.Method),
    ];

    /// <summary>Every function, by name.</summary>
    public IReadOnlyList<FunctionDescription> Descriptions => [.. Describe().OrderBy(function => function.Name, StringComparer.OrdinalIgnoreCase)];

    /// <exception cref="HostStartupException">A function is declared in a way that could never be called.</exception>
    public static FunctionCatalog Discover(IEnumerable<Type> classes, HttpHostOptions options, IConfiguration configuration)
    {
        var http = new List<HttpFunction>();
        var timers = new List<TimerFunction>();
        var orchestrators = new List<OrchestratorFunction>();
        var activities = new List<ActivityFunction>();
        var entities = new List<EntityFunction>();
        var disabled = new List<FunctionDescription>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (method, attribute) in Marked(classes))
        {
            var name = attribute.Name;
            if (!FunctionName().IsMatch(name))
            {
                throw Invalid(name, method, "a name starts with a letter and goes on with at most 126 letters, digits, '-' and '_'");
            }

            if (!names.Add(name))
            {
                throw Invalid(name, method, "another function has the same name");
            }

            if (IsDisabled(configuration, name))
            {
                disabled.Add(new FunctionDescription(name, "", $"{method.DeclaringType?.FullName}.{method.Name}") { IsDisabled = true });
            }
            else if (Parameter<HttpTriggerAttribute>(method) is var (request, trigger))
            {
                http.Add(HttpFunction.Create(name, method, request, trigger, options, configuration));
            }
            else if (Parameter<TimerTriggerAttribute>(method) is var (timer, schedule))
            {
                timers.Add(TimerFunction.Create(name, method, timer, schedule, configuration));
            }
            else if (Parameter<OrchestrationTriggerAttribute>(method) is var (context, orchestration))
            {
                orchestrators.Add(OrchestratorFunction.Create(name, method, context, orchestration));
            }
            else if (Parameter<ActivityTriggerAttribute>(method) is var (input, activity))
            {
                activities.Add(ActivityFunction.Create(name, method, input, activity));
            }
            else if (Parameter<EntityTriggerAttribute>(method) is var (dispatcher, entity))
            {
                entities.Add(EntityFunction.Create(name, method, dispatcher, entity));
            }
            else
            {
                throw Invalid(
                    name, method, "no parameter is marked with a trigger", "Mark one parameter with [HttpTrigger], [TimerTrigger], [OrchestrationTrigger], [ActivityTrigger] or [EntityTrigger].");
            }
        }

        HttpFunction.RefuseAmbiguousRoutes(http);
        return new FunctionCatalog(http, timers, orchestrators, activities, entities, disabled);
    }

    /// <summary>Names the orchestrators and activities that are functions to the engine.</summary>
    public void Register(DurableTaskRegistry registry, Func<IServiceProvider> services)
    {
        try
        {
            foreach (var function in Orchestrators)
            {
                function.Register(registry, services);
            }

            foreach (var function in Activities)
            {
                function.Register(registry);
            }

            foreach (var function in Entities)
            {
                function.Register(registry);
            }
        }
        catch (ArgumentException e)
        {
            throw new HostStartupException("function.invalid", e.Message, "Give one of the two another name.", HostExitCodes.Software);
        }
    }

    public static HostStartupException Invalid(string name, MethodInfo method, string why, string remedy = "Correct the declaration.") =>
        new("function.invalid", $"Function '{name}' ({method.DeclaringType?.FullName}.{method.Name}): {why}.", remedy, HostExitCodes.Software);

    private IEnumerable<FunctionDescription> Describe() =>
    [
        .. Http.Select(function => new FunctionDescription(function.Method.Name, "httpTrigger", function.Method.EntryPoint) { Route = function.Route.RawText }),
        .. Timers.Select(function => new FunctionDescription(function.Method.Name, "timerTrigger", function.Method.EntryPoint) { Schedule = function.Schedule.Text }),
        .. Orchestrators.Select(function => new FunctionDescription(function.Method.Name, "orchestrationTrigger", function.Method.EntryPoint)),
        .. Activities.Select(function => new FunctionDescription(function.Method.Name, "activityTrigger", function.Method.EntryPoint)),
        .. Entities.Select(function => new FunctionDescription(function.Method.Name, "entityTrigger", function.Method.EntryPoint)),
        .. Disabled,
    ];

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
