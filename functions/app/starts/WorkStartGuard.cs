using System.Reflection;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Orchestrators;

namespace SnapshotWorkflows.App.Starts;

/// <summary>
/// A workflow that is started by hand begins only with an input that it can read whole, and one that works under a key only as the instance of that key: under another its things would be nobody's,
/// and its routes would not find it.
/// </summary>
internal sealed class WorkStartGuard : IStartGuard
{
    private const string Code = "workflow.input-invalid";

    private static readonly Dictionary<string, Type> s_inputs = typeof(SnapshotVolume).Assembly.GetTypes()
        .Select(type => (type.Name, Input: InputOf(type)))
        .Where(workflow => workflow.Input is not null)
        .ToDictionary(workflow => workflow.Name, workflow => workflow.Input!, StringComparer.Ordinal);

    /// <summary>Every workflow, with what it is started with. None can do without.</summary>
    public static IReadOnlyDictionary<string, Type> Inputs => s_inputs;

    public StartRefusal? Decide(string orchestrator, string? instanceId, string? input)
    {
        if (!s_inputs.TryGetValue(orchestrator, out var type)) return null;
        var (read, fault) = StrictInput.Read(input, type);
        if (fault is not null)
            return new StartRefusal(Code, $"A {orchestrator} cannot begin with this input: {fault}.", $"{WorkRoutes.Of(orchestrator)} By hand it takes an object of {string.Join(", ", StrictInput.MembersOf(type))}, spelled so.");
        return WorkKeys.Of(read!) is { } key && key.Value != instanceId
            ? new StartRefusal(Code, $"A {orchestrator} with this input is the instance {key}, and {(instanceId is null ? "no id was given" : "another id was given")}.", $"{WorkRoutes.Of(orchestrator)} By hand give that id in the address.")
            : null;
    }

    private static Type? InputOf(Type type) => type is { IsAbstract: false, BaseType: { IsGenericType: true } parent } && parent.GetGenericTypeDefinition() == typeof(TaskOrchestrator<,>) && type.GetCustomAttribute<DurableTaskAttribute>() is not null
        ? parent.GetGenericArguments()[0]
        : null;
}
