using SnapshotWorkflows.Durable;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>An orchestrator written in the test.</summary>
internal sealed class Code(Func<TaskOrchestrationContext, Task<object?>> run) : TaskOrchestrator<object?, object?>
{
    public override Task<object?> RunAsync(TaskOrchestrationContext context, object? input) => run(context);
}
