using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>Makes every so manyth turn come too late: its fence names a state that the instance is no longer in. May tell of instances what is no longer so.</summary>
internal sealed class MeddlingHub(int every = 3) : ITaskHub
{
    private ITaskHub _inner = null!;
    private int _turns;

    public int Fenced { get; private set; }

    public Func<InstanceRecord?, InstanceRecord?> OnRead { get; set; } = record => record;

    /// <summary>What is written instead; may throw.</summary>
    public Func<HubWrite, HubWrite> OnWrite { get; set; } = write => write;

    /// <summary>How an execution began cannot be read.</summary>
    public Exception? StartFailure { get; set; }

    public MeddlingHub Over(ITaskHub inner)
    {
        _inner = inner;
        return this;
    }

    public async ValueTask<IReadOnlyList<WriteResult>> CommitAsync(IReadOnlyList<HubWrite> writes, CancellationToken cancellation)
    {
        HubWrite[] late = [.. writes.Select(write => write is CommitTurn turn && ++_turns % every == 0 ? turn with { Revision = turn.Revision - 1 } : OnWrite(write))];
        var results = await _inner.CommitAsync(late, cancellation);
        Fenced += results.Count(result => result.Outcome == WriteOutcome.Fenced);
        return results;
    }

    public ValueTask OpenAsync(CancellationToken cancellation) => _inner.OpenAsync(cancellation);

    public ValueTask<InstanceSnapshot?> LoadAsync(string instanceId, CancellationToken cancellation) => _inner.LoadAsync(instanceId, cancellation);

    public ValueTask<InstanceSnapshot?> LoadEndedAsync(string instanceId, CancellationToken cancellation) => _inner.LoadEndedAsync(instanceId, cancellation);

    public ValueTask<Page<string>> ListEndedAsync(EndedFilter filter, CancellationToken cancellation) => _inner.ListEndedAsync(filter, cancellation);

    public ValueTask<EntityRecord?> ReadEntityAsync(string instanceId, bool withState, CancellationToken cancellation) => _inner.ReadEntityAsync(instanceId, withState, cancellation);

    public ValueTask<Page<EntityRecord>> QueryEntitiesAsync(EntityQuery query, CancellationToken cancellation) => _inner.QueryEntitiesAsync(query, cancellation);

    public ValueTask<PendingWork> ReadPendingWorkAsync(CancellationToken cancellation) => _inner.ReadPendingWorkAsync(cancellation);

    public ValueTask<ExecutionStartedEvent?> ReadStartAsync(string instanceId, string executionId, CancellationToken cancellation) =>
        StartFailure is null ? _inner.ReadStartAsync(instanceId, executionId, cancellation) : throw StartFailure;

    public ValueTask<IReadOnlyList<InboxMessage>> ReadTimersAsync(IReadOnlyCollection<string>? instanceIds, DateTimeOffset after, CancellationToken cancellation) =>
        _inner.ReadTimersAsync(instanceIds, after, cancellation);

    public async ValueTask<InstanceRecord?> ReadInstanceAsync(string instanceId, bool withData, CancellationToken cancellation) =>
        OnRead(await _inner.ReadInstanceAsync(instanceId, withData, cancellation));

    public ValueTask<Page<InstanceRecord>> QueryAsync(OrchestrationQuery query, CancellationToken cancellation) => _inner.QueryAsync(query, cancellation);

    public ValueTask<IReadOnlyList<HistoryEvent>?> ReadHistoryAsync(string instanceId, CancellationToken cancellation) => _inner.ReadHistoryAsync(instanceId, cancellation);

    public ValueTask<string?> ReadProgressAsync(string instanceId, CancellationToken cancellation) => _inner.ReadProgressAsync(instanceId, cancellation);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
