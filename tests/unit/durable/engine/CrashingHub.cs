using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>Dies before or after the n-th commit, and stays dead.</summary>
internal sealed class CrashingHub(ITaskHub inner, int fatalPoint) : ITaskHub
{
    private int _seen;

    public bool Dead { get; private set; }

    public async ValueTask<IReadOnlyList<WriteResult>> CommitAsync(IReadOnlyList<HubWrite> writes, CancellationToken cancellation)
    {
        Point("before");
        var results = await inner.CommitAsync(writes, cancellation);
        Point("after");
        return results;
    }

    private void Point(string where)
    {
        if (!Dead && _seen++ != fatalPoint)
            return;
        Dead = true;
        throw new SimulatedCrash($"{where} commit, point {fatalPoint}");
    }

    public ValueTask OpenAsync(CancellationToken cancellation) => inner.OpenAsync(cancellation);

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
