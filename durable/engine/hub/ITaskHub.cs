using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>
/// Where instances live. Everything that changes state goes through <see cref="CommitAsync"/>, one transaction a call, so that a decorator sees every commit.
/// </summary>
public interface ITaskHub : IAsyncDisposable
{
    /// <summary>Takes ownership and brings the schema up to date. Called before anything else; repeated calls do nothing.</summary>
    /// <exception cref="TaskHubInUseException">Another process owns the hub.</exception>
    /// <exception cref="NotSupportedException">The schema is newer than this program.</exception>
    ValueTask OpenAsync(CancellationToken cancellation);

    /// <summary>
    /// Writes the units in one transaction, in order. A unit whose condition does not hold is left out and says so in its result; the others go through.
    /// An exception means that nothing was written.
    /// </summary>
    ValueTask<IReadOnlyList<WriteResult>> CommitAsync(IReadOnlyList<HubWrite> writes, CancellationToken cancellation);

    /// <returns>Null if there is no such instance or it has ended.</returns>
    ValueTask<InstanceSnapshot?> LoadAsync(string instanceId, CancellationToken cancellation);

    /// <summary>As <see cref="LoadAsync"/>, for an instance that has ended.</summary>
    /// <returns>Null if there is no such instance or it lives.</returns>
    ValueTask<InstanceSnapshot?> LoadEndedAsync(string instanceId, CancellationToken cancellation);

    ValueTask<PendingWork> ReadPendingWorkAsync(CancellationToken cancellation);

    /// <summary>Timers that wait for a time after <paramref name="after"/>, as messages with a <see cref="TimerFiredEvent"/>. Those that cannot be read are left out.</summary>
    /// <param name="instanceIds">Whose; null for every instance that this process runs or could take.</param>
    ValueTask<IReadOnlyList<InboxMessage>> ReadTimersAsync(IReadOnlyCollection<string>? instanceIds, DateTimeOffset after, CancellationToken cancellation);

    ValueTask<InstanceRecord?> ReadInstanceAsync(string instanceId, bool withData, CancellationToken cancellation);

    /// <summary>Pages by creation time and id, oldest first; statuses null means all. Entities are left out.</summary>
    ValueTask<Page<InstanceRecord>> QueryAsync(OrchestrationQuery query, CancellationToken cancellation);

    /// <summary>Ids of ended instances, by the time of their end.</summary>
    ValueTask<Page<string>> ListEndedAsync(EndedFilter filter, CancellationToken cancellation);

    /// <returns>Null if there is no such entity; one without state counts as none only for its caller.</returns>
    ValueTask<EntityRecord?> ReadEntityAsync(string instanceId, bool withState, CancellationToken cancellation);

    /// <summary>Pages by id. Entities without state are left out unless the query includes transient ones.</summary>
    ValueTask<Page<EntityRecord>> QueryEntitiesAsync(EntityQuery query, CancellationToken cancellation);

    /// <summary>How an execution began, from its first turn.</summary>
    /// <returns>Null if that cannot be read, or the instance is in another execution.</returns>
    ValueTask<ExecutionStartedEvent?> ReadStartAsync(string instanceId, string executionId, CancellationToken cancellation);

    /// <returns>Null if there is no such instance.</returns>
    ValueTask<IReadOnlyList<HistoryEvent>?> ReadHistoryAsync(string instanceId, CancellationToken cancellation);

    /// <returns>JSON of the progress reported last by any call of the instance.</returns>
    ValueTask<string?> ReadProgressAsync(string instanceId, CancellationToken cancellation);
}

/// <summary>Another process owns the hub.</summary>
public sealed class TaskHubInUseException(string message, Exception? inner = null) : Exception(message, inner);
