using System.Data.Common;
using System.Text.Json;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Diagnostics;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <content>Commits a batch and acts on what came of each unit.</content>
internal sealed partial class Dispatcher
{
    private async Task CommitAsync(List<Unit> batch, CancellationToken cancellation)
    {
        metrics.Committed(batch.Count);
        try
        {
            Apply(batch, await committer.CommitAsync(Writes(batch), cancellation));
        }
        catch (Exception exception) when (!PropagateFailures && exception is not OperationCanceledException)
        {
            await GiveUpAsync(batch, exception, cancellation);
        }
        Tidy();
    }

    private static HubWrite[] Writes(List<Unit> batch) => [.. batch.Select(unit => unit.Write)];

    private void Apply(List<Unit> batch, IReadOnlyList<WriteResult> results)
    {
        Release(batch);
        for (var index = 0; index < batch.Count; index++)
            Apply(batch[index], results[index]);
    }

    /// <summary>The transaction is gone as a whole: what is in memory of its turns is worth nothing now. The rest is tried unit by unit.</summary>
    private async Task GiveUpAsync(List<Unit> batch, Exception exception, CancellationToken cancellation)
    {
        if (batch.Count > 1)
            logger.BatchFailed(exception, batch.Count);
        Release(batch);
        var retry = new List<Unit>();
        var begun = false;
        foreach (var unit in batch)
        {
            if (unit.Write is StartInstance { FirstTurn: not null } start)
            {
                // It may be the turn that the hub does not take, and the start is owed to whoever asked.
                hot.Remove(unit.Instance!);
                retry.Add(unit with { Write = start with { FirstTurn = null }, Instance = null });
                begun = true;
            }
            else if (unit.Instance is { } instance)
            {
                Evict(instance, (CommitTurn)unit.Write);
                // One of them may be what the hub does not take: each has its next turn alone, so that it takes nobody along.
                if (batch.Count > 1 && exception is not TaskHubUnavailableException)
                    _suspects.Add(instance.InstanceId);
                else if (IsUnwritable(exception))
                    hot.Break(instance.InstanceId, $"What its turn came to cannot be written: {exception.GetType().FullName}: {exception.Message}");
            }
            else if (unit.Batch is { } ran && batch.Count == 1)
            {
                GiveUp(ran, exception);
            }
            else
            {
                retry.Add(unit);
            }
        }
        var failed = batch.Count == 1 && !begun;
        // A hub that is away has the same answer for all.
        var known = failed || exception is TaskHubUnavailableException ? exception : null;
        foreach (var unit in retry)
            failed |= !await CommitSinglyAsync(unit, known, cancellation);
        if (failed)
            await Task.Delay(options.HubRetryDelay, time, cancellation);
    }

    /// <summary>By which a hub says that a condition did not hold, again and again: others are faster.</summary>
    private const string DivisionByZero = "22012";

    /// <summary>It is the data (SQLSTATE classes 22, data exception, and 54, limit exceeded; texts that are none; what has no JSON), not the hub: the same again would fail again.</summary>
    private static bool IsUnwritable(Exception exception) => exception
        is DbException { SqlState: not DivisionByZero and (['2', '2', ..] or ['5', '4', ..]) } or UnwritableDataException
        or ArgumentException or FormatException or InvalidCastException or OverflowException or NotSupportedException or JsonException;

    /// <summary>A call has ended, and what it came to cannot be kept: it fails with that, and is not run for nothing again.</summary>
    private StoreCompletion Writable(StoreCompletion completion, Exception failure) => !IsUnwritable(failure)
        ? completion
        : completion with
        {
            Event = new TaskFailedEvent
            {
                TaskScheduledId = completion.Key.TaskId,
                Timestamp = time.GetUtcNow().UtcDateTime,
                FailureDetails = new TaskFailureDetails("PoisonActivity", $"What the activity came to cannot be written: {failure.GetType().FullName}: {failure.Message}", null, null),
            },
        };

    /// <summary>Their turns are over, one way or the other; what came for them in the meantime is due.</summary>
    private void Release(List<Unit> batch)
    {
        foreach (var unit in batch)
        {
            if (unit.Instance is not { } instance)
                continue;
            _busy.Remove(instance.InstanceId);
            if (_again.Remove(instance.InstanceId))
                MarkReady(instance.InstanceId);
        }
    }

    private void Tidy()
    {
        hot.Trim(_busy, waiters);
        TrimEntities();
        TrimWakes();
    }

    private async Task<bool> CommitSinglyAsync(Unit unit, Exception? known, CancellationToken cancellation)
    {
        if (unit.Request?.DropIfWithdrawn() == true)
            return true;
        var failure = known;
        if (failure is null)
        {
            try
            {
                var results = await committer.CommitAsync([unit.Write], cancellation);
                Apply(unit, results[0]);
                return true;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                failure = exception;
            }
        }
        logger.WriteFailed(failure, unit.Write.GetType().Name, options.HubRetryDelay);
        unit.Request?.Done.TrySetException(failure is DbException or IOException && !IsUnwritable(failure) ? new TaskHubUnavailableException("The task hub cannot be written.", failure) : failure);
        if (unit.Request is null && unit.Write is StoreCompletion completion)
            _completions.Enqueue(Writable(completion, failure));
        if (unit.Write is ReleaseActivities release)
            _releases.Enqueue(release); // else nobody would run them: the hub says that this process does
        if (unit.Claim is { } claim)
            Admitted(claim);
        if (unit.Batch is { } batch)
            GiveUp(batch, failure);
        return false;
    }

    private void Apply(Unit unit, WriteResult result)
    {
        switch (unit.Write)
        {
            case CommitTurn { Reopens: true }: break; // whoever asked for it tells when it is taken up
            case CommitTurn commit when result.Outcome == WriteOutcome.Done: Applied(unit.Instance!, commit); break;
            case CommitTurn commit:
                metrics.FenceLost();
                logger.TurnFenced(commit.InstanceId);
                Evict(unit.Instance!, commit, isFenced: true);
                break;
            case CommitEntity commit: Applied(unit.Batch!, commit, result); break;
            case ClaimActivity claim:
                _claiming.Remove(claim.Key);
                if (result.Claimed is { } claimed)
                    Begin(claimed, unit.Claim);
                else if (unit.Claim is { } refused)
                    _gates.Leave(refused);
                break;
        }
        if (unit.Write is StartInstance start && result.Outcome == WriteOutcome.Done)
            Started(start.Start);
        if (unit.Write is StartInstance { FirstTurn: not null } begun)
            Settled(unit, begun, result);
        unit.Request?.Done.TrySetResult(result);
    }

    private void Started(ExecutionStartedEvent start)
    {
        waiters.Changed(start.OrchestrationInstance.InstanceId, OrchestrationRuntimeStatus.Pending);
        if (!hot.CanRun(start.Name, start.Version))
            waiters.Forget(start.OrchestrationInstance.InstanceId); // another node's affair
    }

    private void Applied(HotInstance instance, CommitTurn commit)
    {
        var changed = instance.Status != commit.Status;
        metrics.TurnCommitted();
        _fenced.Remove(commit.InstanceId);
        if (commit.HistoryRow == 0)
            _firstTurns[instance.Name] = _firstTurns.GetValueOrDefault(instance.Name) + 1;
        instance.Revision++;
        instance.NextHistoryRow++;
        instance.OpenTurn = commit.OpenTurn;
        instance.Status = commit.Status;
        instance.CustomStatus = commit.CustomStatus;
        instance.DropTimers(commit.CancelledTimers);
        instance.Consumed(commit.ConsumedMessages);
        foreach (var taskId in commit.CancelRequested)
            _running.GetValueOrDefault(new ActivityKey(commit.InstanceId, commit.ExecutionId, taskId))?.RequestCancel();
        if (IsEnd(commit.Status))
        {
            hot.Remove(instance);
            _ends.Remove(commit.InstanceId);
            _ended.Add(commit.InstanceId);
            metrics.InstanceEnded(commit.Status);
            EngineTracing.Ended(instance.Executor.Start, commit.Status, commit.At);
            Abandon(commit);
        }
        else if (commit.Restart is not null)
        {
            Abandon(commit);
            hot.StartOver(instance, commit);
        }
        foreach (var activity in commit.Activities)
        {
            if (activity.Claimed)
                Begin(new ClaimedActivity(activity, 1, commit.CancelRequested.Contains(activity.Key.TaskId)));
            else
                NoteMissing(activity.Name, commit.InstanceId);
        }
        if (instance.HasWork)
            MarkReady(commit.InstanceId);
        if (changed)
            waiters.Changed(commit.InstanceId, commit.Status, Record(instance, commit));
    }

    /// <summary>What the hub would tell of the instance now; null when that is not in memory.</summary>
    private static InstanceRecord? Record(HotInstance instance, CommitTurn commit) => instance.CreatedAt is { } created && instance.Executor.Start is { } start
        ? new InstanceRecord(commit.InstanceId, start.Name, commit.Status, created, commit.At)
        {
            Input = start.Input,
            Output = commit.Output,
            CustomStatus = commit.CustomStatus,
            Failure = commit.Failure,
            Tags = start.Tags,
            Version = start.Version,
            Reason = commit.Reason,
        }
        : null;

    private void Take(Reopened reopened)
    {
        var commit = reopened.Commit;
        _ended.Remove(commit.InstanceId);
        foreach (var activity in commit.Activities)
            Claim(new PendingClaim(new ClaimActivity(activity.Key), activity.Name, 0));
        MarkReady(commit.InstanceId);
        waiters.Changed(commit.InstanceId, commit.Status);
    }

    private void Abandon(CommitTurn commit)
    {
        foreach (var (key, execution) in _running)
        {
            if (key.InstanceId == commit.InstanceId && key.ExecutionId == commit.ExecutionId)
                execution.Abandon();
        }
    }

    private void NoteMissing(string activity, string instanceId)
    {
        logger.ActivityNotRegistered(activity, instanceId);
        _notes.Enqueue(new NoteReason(instanceId, $"Activity '{activity}' is not registered in the process that looked; the call waits for one that has it."));
    }

    private void Begin(ClaimedActivity claimed, PendingClaim? claim = null)
    {
        if (registry.FindActivity(claimed.Activity.Name, claimed.Activity.Version) is null)
        {
            if (claim is not null)
                _gates.Leave(claim);
            NoteMissing(claimed.Activity.Name, claimed.Activity.Key.InstanceId);
            return;
        }
        var execution = newExecution(claimed, hot.Find(claimed.Activity.Key.InstanceId)?.Executor.Start);
        execution.TakenAt = TimeProvider.System.GetTimestamp();
        execution.ClaimedAt = time.GetUtcNow();
        if (claim is not null)
            _gates.Exchange(claim, execution);
        _running[claimed.Activity.Key] = execution;
        if (claimed.Damage is { } damage)
        {
            logger.MalformedInput(claimed.Activity.Name, claimed.Activity.Key.InstanceId, damage);
            Refuse(execution, "MalformedInput", $"The activity's input cannot be read: {damage}");
            return;
        }
        if (claimed.Attempt > options.MaxActivityAttempts)
        {
            logger.PoisonActivity(claimed.Activity.Name, claimed.Activity.Key.InstanceId, options.MaxActivityAttempts);
            Refuse(execution, "PoisonActivity", $"The activity did not end in {options.MaxActivityAttempts} attempts; each ended with its process.");
            return;
        }
        if (claimed.CancelRequested)
            execution.RequestCancel();
        _runnable.Enqueue(execution);
    }

    /// <summary>The call fails without being run.</summary>
    private void Refuse(ActivityExecution execution, string kind, string reason) => Take(new AttemptEnded(execution, new TaskFailedEvent
    {
        TaskScheduledId = execution.TaskId,
        Timestamp = time.GetUtcNow().UtcDateTime,
        FailureDetails = new TaskFailureDetails(kind, reason, null, null),
    }));

    /// <summary>Forgets what is in memory; ends of calls that were in it go to the inbox, if their attempt is still the current one.</summary>
    /// <param name="isFenced">Whoever has moved it on may do so again, or the hub may never let it go on here: from the second time on there is a pause.</param>
    private void Evict(HotInstance instance, CommitTurn lost, bool isFenced = false)
    {
        hot.Remove(instance);
        waiters.Forget(instance.InstanceId);
        foreach (var (taskId, attempt) in lost.ConsumedActivities)
        {
            var end = lost.Events.FirstOrDefault(happened => happened is TaskCompletedEvent completed && completed.TaskScheduledId == taskId
                || happened is TaskFailedEvent failed && failed.TaskScheduledId == taskId);
            if (end is null)
                continue; // a second end, of which no trace is kept
            _completions.Enqueue(new StoreCompletion(new ActivityKey(lost.InstanceId, lost.ExecutionId, taskId), attempt, end));
        }
        KeepEnds(instance);
        if (isFenced && !_fenced.Add(instance.InstanceId))
            _wakes.Enqueue(instance.InstanceId, (time.GetUtcNow() + options.HubRetryDelay, _order++));
        else
            MarkReady(instance.InstanceId);
    }

    /// <summary>Ends of calls that are in memory only go to the inbox.</summary>
    private void KeepEnds(HotInstance instance)
    {
        foreach (var waiting in instance.Ready.Concat(instance.Held).Where(message => message.IsActivityEnd))
            _completions.Enqueue(Completion(instance.InstanceId, waiting));
    }

    public static bool IsEnd(OrchestrationRuntimeStatus status) =>
        status is OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated or OrchestrationRuntimeStatus.Canceled;
}
