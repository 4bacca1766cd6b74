using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Tests.Crash.Explorer;

/// <summary>Lets the process die before and after every commit of the hub.</summary>
internal sealed class CrashingTaskHub(ITaskHub inner, CrashSwitch crash) : ITaskHub
{
    public ValueTask OpenAsync(CancellationToken cancellation) => inner.OpenAsync(cancellation);

    public async ValueTask<IReadOnlyList<WriteResult>> CommitAsync(IReadOnlyList<HubWrite> writes, CancellationToken cancellation)
    {
        // Progress is no state: a crash around it is a crash around nothing.
        if (writes.All(write => write is StoreProgress)) return await inner.CommitAsync(writes, cancellation);
        var what = string.Join('+', writes.Select(write => write.GetType().Name));
        crash.Point($"before hub commit {what}");
        var results = await inner.CommitAsync(writes, cancellation);
        crash.Point($"after hub commit {what}");
        return results;
    }

    public ValueTask<InstanceSnapshot?> LoadAsync(string instanceId, CancellationToken cancellation) => inner.LoadAsync(instanceId, cancellation);

    public ValueTask<InstanceSnapshot?> LoadEndedAsync(string instanceId, CancellationToken cancellation) => inner.LoadEndedAsync(instanceId, cancellation);

    public ValueTask<Page<string>> ListEndedAsync(EndedFilter filter, CancellationToken cancellation) => inner.ListEndedAsync(filter, cancellation);

    public ValueTask<EntityRecord?> ReadEntityAsync(string instanceId, bool withState, CancellationToken cancellation) => inner.ReadEntityAsync(instanceId, withState, cancellation);

    public ValueTask<Page<EntityRecord>> QueryEntitiesAsync(EntityQuery query, CancellationToken cancellation) => inner.QueryEntitiesAsync(query, cancellation);

    public ValueTask<PendingWork> ReadPendingWorkAsync(CancellationToken cancellation) => inner.ReadPendingWorkAsync(cancellation);

    public ValueTask<ExecutionStartedEvent?> ReadStartAsync(string instanceId, string executionId, CancellationToken cancellation) =>
        inner.ReadStartAsync(instanceId, executionId, cancellation);

    public ValueTask<IReadOnlyList<InboxMessage>> ReadTimersAsync(IReadOnlyCollection<string>? instanceIds, DateTimeOffset after, CancellationToken cancellation) =>
        inner.ReadTimersAsync(instanceIds, after, cancellation);

    public ValueTask<InstanceRecord?> ReadInstanceAsync(string instanceId, bool withData, CancellationToken cancellation) => inner.ReadInstanceAsync(instanceId, withData, cancellation);

    public ValueTask<Page<InstanceRecord>> QueryAsync(OrchestrationQuery query, CancellationToken cancellation) => inner.QueryAsync(query, cancellation);

    public ValueTask<IReadOnlyList<HistoryEvent>?> ReadHistoryAsync(string instanceId, CancellationToken cancellation) => inner.ReadHistoryAsync(instanceId, cancellation);

    public ValueTask<string?> ReadProgressAsync(string instanceId, CancellationToken cancellation) => inner.ReadProgressAsync(instanceId, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
