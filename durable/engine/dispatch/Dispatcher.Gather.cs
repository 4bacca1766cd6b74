using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Client;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <content>What goes into the next transaction: requests first, then ends of calls, claims, and the turns that are ready.</content>
internal sealed partial class Dispatcher
{
    /// <summary>After a start every turn has to read its instance first, a round trip each: the first turns of hundreds do not wait for the last of them.</summary>
    private const int LoadsPerGathering = 32;

    private sealed record Unit(HubWrite Write, WriteRequest? Request = null, HotInstance? Instance = null, EntityBatch? Batch = null, PendingClaim? Claim = null);

    private async Task GatherAsync(List<Unit> batch, CancellationToken cancellation)
    {
        // What the hub may not take goes alone, so that it takes nobody along.
        if (batch is [{ Batch.IsDoubtful: true }])
            return;
        if (batch.Count == 0 && _entityCommits.TryPeek(out var doubtful) && doubtful.Batch.IsDoubtful)
        {
            batch.Add(new Unit(_entityCommits.Dequeue().Commit, Batch: doubtful.Batch));
            return;
        }
        var now = time.GetUtcNow();
        while (_wakes.TryPeek(out var due, out var when) && when.Due <= now)
        {
            _wakes.Dequeue();
            MarkReady(due);
        }
        while (batch.Count < options.MaxBatchSize && _requests.TryDequeue(out var request))
        {
            if (!request.DropIfWithdrawn())
                batch.Add(Begin(request, now));
        }
        while (batch.Count < options.MaxBatchSize && _completions.TryDequeue(out var completion))
            batch.Add(new Unit(completion));
        while (batch.Count < options.MaxBatchSize && _entityCommits.TryPeek(out var done) && !done.Batch.IsDoubtful)
            batch.Add(new Unit(_entityCommits.Dequeue().Commit, Batch: done.Batch));
        while (batch.Count < options.MaxBatchSize && _releases.TryDequeue(out var release))
            batch.Add(new Unit(release));
        while (!Draining && _gates.Admit(now) is { } admitted)
            Admitted(admitted);
        while (batch.Count < options.MaxBatchSize && _claims.TryPeek(out var claim) && HasRoom(claim, batch))
            batch.Add(new Unit(claim.Write, Claim: _claims.Dequeue()));
        var turns = batch.Count(unit => unit.Instance is not null);
        var loaded = hot.Loads;
        while (batch.Count < options.MaxBatchSize && turns < options.MaxConcurrentOrchestrators && (turns == 0 || hot.Loads < loaded + LoadsPerGathering) && !IsAwaited(batch) && _ready.TryDequeue(out var instanceId))
        {
            _isReady.Remove(instanceId);
            _readySince.Dequeue();
            if (_suspects.Defer(instanceId))
                continue;
            if (EntityIds.IsEntity(instanceId))
                await EntityTurnAsync(instanceId, now, cancellation);
            else if (await TurnAsync(instanceId, now, cancellation) is { } turn)
            {
                batch.Add(turn);
                turns++;
            }
            while (batch.Count < options.MaxBatchSize && _completions.TryDequeue(out var completion))
                batch.Add(new Unit(completion));
        }
        Volatile.Write(ref _oldestReady, _readySince.TryPeek(out var oldest) ? oldest : long.MaxValue);
        while (batch.Count < options.MaxBatchSize && _notes.TryDequeue(out var note))
            batch.Add(new Unit(note));
    }

    /// <summary>The hub has become free meanwhile: what there is goes, and the rest follows.</summary>
    private bool IsAwaited(List<Unit> batch) => batch.Count > 1 && _flights.Count > 0 && committer.IsIdle;

    /// <summary>
    /// After a restart with thousands of calls in flight the first turns must not wait for the claims of all; and a claim counts as an attempt, so what is claimed runs soon.
    /// Without room calls wait for a free place, and the end of one that runs brings the next step.
    /// </summary>
    private bool HasRoom(PendingClaim claim, List<Unit> batch)
    {
        if (Draining)
            return false;
        var gathered = batch.Count(unit => unit.Claim is not null);
        if (gathered + _runnable.Count + HandedOut() >= Math.Max(1, options.MaxBatchSize / 2))
            return false;
        // Ahead of its place only what others could not run now, and what has hardly been tried.
        if (_peers == 0 && !claim.NeedsPlace)
            return true;
        return gathered + _flights.Sum(flight => flight.Count(unit => unit.Claim is not null)) + _running.Count - _gates.Waiting < options.MaxConcurrentActivities;
    }

    private async ValueTask<Unit?> TurnAsync(string instanceId, DateTimeOffset now, CancellationToken cancellation)
    {
        if (_busy.Contains(instanceId))
        {
            _again.Add(instanceId);
            return null;
        }
        HotInstance? instance;
        try
        {
            instance = await hot.GetAsync(instanceId, cancellation);
            if (instance?.Overheard.Count > 0)
                await CatchUpAsync(instance, now, cancellation);
        }
        catch (Exception exception) when (!PropagateFailures && exception is not OperationCanceledException)
        {
            Later(exception, instanceId);
            return null;
        }
        _unread.Remove(instanceId);
        if (instance is null)
        {
            _fenced.Remove(instanceId);
            // Not ours: it has ended, and nobody takes them, or it lives elsewhere, and its node does.
            if (_ends.Remove(instanceId, out var late))
            {
                foreach (var end in late)
                    _completions.Enqueue(Completion(instanceId, end));
            }
            return null;
        }
        if (instance.Ripen(now) is { } next && instance.Plan(next, now))
            _wakes.Enqueue(instanceId, (next, _order++));
        if (_ends.Remove(instanceId, out var ends))
            instance.Ready.AddRange(ends);
        if (!instance.HasWork)
            return null;
        CommitTurn? commit;
        var turn = new TurnRunner(instance, now, properties);
        try
        {
            commit = turn.Run();
        }
        catch (Exception exception) when (options.IsCrash?.Invoke(exception) != true)
        {
            logger.TurnBroke(exception, instanceId);
            hot.Break(instance, exception);
            // Nobody would run their calls again: the hub says that this process does.
            foreach (var end in turn.TakenEnds)
                _completions.Enqueue(Completion(instanceId, end));
            KeepEnds(instance);
            MarkReady(instanceId);
            return null;
        }
        StoreHeld(instance);
        if (commit is null)
        {
            if (instance.Obstacle is { Action: ObstacleAction.Wait } obstacle)
                _notes.Enqueue(new NoteReason(instanceId, obstacle.Reason));
            return null;
        }
        _busy.Add(instanceId);
        if (_flights.Count > 0)
            StoreAhead(commit);
        return new Unit(Claimed(commit), Instance: instance);
    }

    /// <summary>While the hub is at work, so that it waits less for the next transaction.</summary>
    private static void StoreAhead(CommitTurn commit)
    {
        try
        {
            _ = commit.StoredEvents;
        }
        catch (Exception exception) when (IsUnwritable(exception))
        {
            // The commit meets it again, where the turn is blamed for it.
        }
    }

    /// <summary>Calls that nothing here can run are left to others.</summary>
    private CommitTurn Claimed(CommitTurn commit) => commit.Activities.All(activity => registry.FindActivity(activity.Name, activity.Version) is not null)
        ? commit
        : commit with { Activities = [.. commit.Activities.Select(activity => activity with { Claimed = registry.FindActivity(activity.Name, activity.Version) is not null })] };

    /// <summary>The hub cannot be read now, for longer than it waits by itself: the engine outlives that.</summary>
    private void Later(Exception exception, string instanceId)
    {
        logger.ReadFailed(exception, instanceId, options.HubRetryDelay);
        _wakes.Enqueue(instanceId, (time.GetUtcNow() + options.HubRetryDelay, _order++));
    }

    /// <summary>
    /// Before the first turn after a rewind, in whatever process that is: ends of children that came while the instance was Failed. One that is told twice is taken once.
    /// </summary>
    private async Task CatchUpAsync(HotInstance instance, DateTimeOffset now, CancellationToken cancellation)
    {
        foreach (var child in instance.Overheard)
        {
            if (await ChildRecords.FindAsync(hub, child, new OrchestrationInstance(instance.InstanceId, instance.ExecutionId), cancellation) is { } record && IsEnd(record.Status))
                await committer.CommitAsync([new SendMessage(instance.InstanceId, Requeue.Ended(child, record, now.UtcDateTime))], cancellation);
        }
        instance.Overheard = [];
    }

    /// <summary>A suspended instance takes no ends of calls: they are kept in its inbox, so that the work need not be done again.</summary>
    private void StoreHeld(HotInstance instance)
    {
        foreach (var end in instance.Held.Where(message => message.IsActivityEnd))
            _completions.Enqueue(Completion(instance.InstanceId, end));
        instance.Held.RemoveAll(message => message.IsActivityEnd);
    }

    private static StoreCompletion Completion(string instanceId, PendingMessage end) => new(
        new ActivityKey(instanceId, end.ExecutionId!, TurnRunner.TaskIdOf(end.Event)), end.Attempt, end.Event);
}
