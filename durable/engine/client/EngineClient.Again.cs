using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Client;

/// <content>Ended instances: started again, brought back, listed.</content>
internal sealed partial class EngineClient
{
    public override async Task<string> RestartAsync(string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellation = default)
    {
        InstanceIds.Check(instanceId);
        var hub = await engine.HubAsync(cancellation);
        var former = await hub.ReadInstanceAsync(instanceId, withData: true, cancellation) ?? throw NotFound(instanceId);
        if (!restartWithNewInstanceId && InstanceIds.Live.Contains(former.Status))
            throw WrongStatus(instanceId, "restart", former.Status);
        // Name and input, as in the public package: version and tags are those of a new start.
        var start = NewStart(former.Name, restartWithNewInstanceId ? null : instanceId, former.Input, null);
        var result = await engine.WriteAsync(new StartInstance(start, engine.Time.GetUtcNow(), InstanceIds.Live), cancellation);
        return result.Outcome == WriteOutcome.Done ? start.OrchestrationInstance.InstanceId : throw WrongStatus(instanceId, "restart", result.Status!.Value);
    }

    public override async Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellation = default)
    {
        InstanceIds.Check(instanceId);
        var hub = await engine.HubAsync(cancellation);
        var status = await StatusAsync(instanceId, cancellation);
        if (status != OrchestrationRuntimeStatus.Failed)
            throw WrongStatus(instanceId, "rewind", status);
        if (await hub.LoadEndedAsync(instanceId, cancellation) is not { } failed || !await engine.Rewinder(hub).RewindAsync(failed, reason, cancellation))
            throw WrongStatus(instanceId, "rewind", await StatusAsync(instanceId, cancellation));
    }

    public override async Task<Page<string>> ListInstanceIdsAsync(
        IEnumerable<OrchestrationRuntimeStatus>? runtimeStatus = null, DateTimeOffset? completedTimeFrom = null, DateTimeOffset? completedTimeTo = null,
        int pageSize = OrchestrationQuery.DefaultPageSize, string? lastInstanceKey = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageSize);
        var hub = await engine.HubAsync(cancellation);
        return await hub.ListEndedAsync(new EndedFilter(runtimeStatus?.ToHashSet(), completedTimeFrom, completedTimeTo, pageSize, lastInstanceKey), cancellation);
    }
}
