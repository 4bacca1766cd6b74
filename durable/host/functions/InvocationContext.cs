using System.Diagnostics;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>The function context of one call.</summary>
internal sealed class InvocationContext(FunctionMethod method, FunctionInvocation invocation) : FunctionContext
{
    // Chance is fine here: an orchestrator has no use for the name of a call that is repeated at each turn.
    public override string InvocationId { get; } = Guid.NewGuid().ToString("D");

    public override string FunctionId => method.Definition.Id;

    public override TraceContext TraceContext { get; } = new CurrentTrace(Activity.Current);

    public override IServiceProvider InstanceServices { get; set; } = invocation.Services;

    public override FunctionDefinition FunctionDefinition => method.Definition;

    public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

    public override CancellationToken CancellationToken => invocation.Cancellation;

    private sealed class CurrentTrace(Activity? activity) : TraceContext
    {
        public override string TraceParent { get; } = activity?.Id ?? "";

        public override string TraceState { get; } = activity?.TraceStateString ?? "";
    }
}
