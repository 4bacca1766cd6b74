using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Turns;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <content>
/// Entities. Their operations are code with effects, so a batch runs beside the dispatcher, on a copy; what it did comes back as one write. At most one batch of an entity at a time.
/// </content>
internal sealed partial class Dispatcher
{
    private readonly Dictionary<string, HotEntity> _entities = [];
    private readonly Queue<EntityBatch> _batches = [];
    private readonly Queue<(EntityBatch Batch, CommitEntity Commit)> _entityCommits = [];

    /// <summary>Entities with an outcome that the hub did not take, and how many of their operations are tried together.</summary>
    private readonly Dictionary<string, int> _doubts = new(StringComparer.Ordinal);

    /// <summary>Why the next operation of these fails without being run.</summary>
    private readonly Dictionary<string, string> _unwritable = new(StringComparer.Ordinal);

    /// <summary>Batches in a row of these that broke outside of their operations.</summary>
    private readonly Dictionary<string, int> _breaks = new(StringComparer.Ordinal);
    private long _entityUses;

    /// <summary>Batches that were handed out and have not come back.</summary>
    public int RunningEntities { get; private set; }

    /// <summary>The next batch to run.</summary>
    public EntityBatch? TakeBatch()
    {
        if (Draining || !_batches.TryDequeue(out var batch))
            return null;
        RunningEntities++;
        return batch;
    }

    private void Take(EntityBatchEnded ended)
    {
        RunningEntities--;
        if (ended.Commit is null)
            _suspects.End(ended.Batch.InstanceId);
        if (ended.Commit is { } commit)
        {
            _entityCommits.Enqueue((ended.Batch, commit));
            return;
        }
        // Nothing was committed: read it again and try again, later.
        Broke(ended.Batch.InstanceId, ended.Broke);
        _entities.Remove(ended.Batch.InstanceId);
        _wakes.Enqueue(ended.Batch.InstanceId, (time.GetUtcNow() + options.HubRetryDelay, _order++));
    }

    /// <summary>
    /// Outside of its operations: each try does again what they do outside. Everybody may see why it does not go on, and after so many breaks in a row its first operation fails with that.
    /// </summary>
    private void Broke(string instanceId, string? how)
    {
        var times = _breaks[instanceId] = _breaks.GetValueOrDefault(instanceId) + 1;
        _notes.Enqueue(new NoteReason(instanceId, $"Its operations cannot be run: {how}"));
        if (times < options.MaxDeaths)
            return;
        _breaks.Remove(instanceId);
        _unwritable[instanceId] = $"what runs it broke {times} times: {how}";
    }

    /// <returns>The batch that waits to be run; null when there is nothing to do.</returns>
    private async ValueTask<EntityBatch?> EntityTurnAsync(string instanceId, DateTimeOffset now, CancellationToken cancellation)
    {
        HotEntity? entity;
        if (!_entities.TryGetValue(instanceId, out entity))
        {
            try
            {
                entity = await LoadEntityAsync(instanceId, cancellation);
            }
            catch (Exception exception) when (!PropagateFailures && exception is not OperationCanceledException)
            {
                if (exception is InvalidDataException)
                    _notes.Enqueue(new NoteReason(instanceId, exception.Message));
                Later(exception, instanceId);
                return null;
            }
            if (entity is null)
                return null;
            _entities.Add(instanceId, entity);
        }
        entity.LastUsed = ++_entityUses;
        if (entity.IsBusy || Draining)
            return null;
        if (entity.NextVisible(now) is { } next && entity.Plan(next, now))
            _wakes.Enqueue(instanceId, (next, _order++));
        var visible = entity.Visible(now);
        if (!entity.HasWork(visible))
            return null;
        entity.IsBusy = true;
        var batch = new EntityBatch(entity, visible, _doubts.GetValueOrDefault(instanceId, options.MaxEntityOperationBatchSize)) { IsDoubtful = _doubts.ContainsKey(instanceId) };
        if (_unwritable.Remove(instanceId, out var reason))
            batch.Poison = reason;
        _batches.Enqueue(batch);
        return batch;
    }

    /// <returns>Null when it is not here, or has no code here.</returns>
    private async ValueTask<HotEntity?> LoadEntityAsync(string instanceId, CancellationToken cancellation)
    {
        if (await hub.LoadAsync(instanceId, cancellation) is not { } snapshot)
            return null;
        if (registry.FindEntity(snapshot.Name) is null)
        {
            logger.EntityNotRegistered(snapshot.Name, instanceId);
            _notes.Enqueue(new NoteReason(instanceId, $"Entity '{snapshot.Name}' is not registered in the process that looked; its messages wait for one that has it."));
            return null;
        }
        if (snapshot.Damage is { } damage)
        {
            logger.Blocked(instanceId, Obstacle.MalformedHistory, damage.Reason);
            _notes.Enqueue(new NoteReason(instanceId, $"A message cannot be read and is left out: {damage.Reason}"));
        }
        var entity = new HotEntity(snapshot);
        foreach (var message in snapshot.Inbox)
            entity.Deliver(message);
        return entity;
    }

    private void Applied(EntityBatch batch, CommitEntity commit, WriteResult result)
    {
        var entity = batch.Entity;
        _suspects.End(commit.InstanceId);
        if (result.Outcome != WriteOutcome.Done)
        {
            metrics.FenceLost();
            logger.TurnFenced(commit.InstanceId);
            Evict(entity);
            return;
        }
        if (_doubts.Count > 0 && batch.Poison is not null)
            _doubts.Remove(commit.InstanceId);
        if (_breaks.Count > 0)
            _breaks.Remove(commit.InstanceId);
        entity.Applied(commit);
        entity.IsBusy = false;
        if (result.Count > 0 || entity.IsStale)
            _entities.Remove(commit.InstanceId);
        MarkReady(commit.InstanceId);
    }

    /// <summary>
    /// The commit did not go through. If it was for what the batch came to, that is run again in halves, until the operation is found whose outcome the hub does not take; it fails then.
    /// </summary>
    private void GiveUp(EntityBatch batch, Exception failure)
    {
        if (IsUnwritable(failure))
        {
            _doubts[batch.InstanceId] = Math.Max(1, batch.Count / 2);
            if (Math.Min(batch.Most, batch.Count) <= 1)
            {
                logger.UnwritableOperation(failure, batch.InstanceId);
                _unwritable[batch.InstanceId] = $"what it came to cannot be written: {failure.GetType().FullName}: {failure.Message}";
            }
        }
        Evict(batch.Entity);
    }

    private void Evict(HotEntity entity)
    {
        _suspects.End(entity.InstanceId);
        _entities.Remove(entity.InstanceId);
        MarkReady(entity.InstanceId);
    }

    private void TrimEntities()
    {
        if (_entities.Count <= options.MaxHotInstances)
            return;
        var surplus = _entities.Count - options.MaxHotInstances + (options.MaxHotInstances / 10);
        foreach (var idle in _entities.Values.Where(entity => entity.IsIdle).OrderBy(entity => entity.LastUsed).Take(surplus).ToArray())
            _entities.Remove(idle.InstanceId);
    }
}
