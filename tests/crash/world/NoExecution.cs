using SnapshotWorkflows.Durable.Execution;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>For a step that is run by hand, outside of any instance.</summary>
/// <param name="wish">A person's wish to cancel it; null: none comes.</param>
internal sealed class NoExecution(string? instanceId = null, CancellationToken? wish = null) : IActivityExecution
{
    public CancellationToken CancellationToken => wish ?? TestContext.Current.CancellationToken;

    public CancellationToken StopToken => TestContext.Current.CancellationToken;

    public int Attempt => 1;

    public string InstanceId => instanceId ?? new('0', 32);

    public int TaskId => 1;

    public ValueTask ReportProgressAsync(object progress) => ValueTask.CompletedTask;
}
