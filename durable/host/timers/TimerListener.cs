using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Host.Functions;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>
/// Runs one timer function, one call at a time over all nodes: whoever takes the timer's lease runs the occurrence, the others count from its end. An occurrence
/// that falls into a running call is not run. What was missed, however many occurrences, is made up for once, with IsPastDue: after a stop of all
/// nodes, and when a node dies while it runs the function.
/// </summary>
internal sealed partial class TimerListener(TimerFunction function, ITimerStore store, string node, IServiceScopeFactory scopes, HostMetrics metrics, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>Timers of the platform take at most some 49 days; and a clock that is set is noticed within this time.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private static readonly TimeSpan TakeoverLook = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(5);

    /// <summary>A run that begins later than this after its time says so: the machine slept, or the node was busy.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(1);

    /// <summary>Clocks of nodes may differ by so much.</summary>
    private static readonly TimeSpan ClocksDiffer = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _asked = new(0);
    private readonly DateTime _began = time.GetUtcNow().UtcDateTime;
    private bool _atStart = function.RunOnStartup;
    private bool _byHand;
    private bool _first = true;
    private TimerState? _unreported;

    /// <summary>In place of a time that has not come.</summary>
    private DateTime? _countsFrom;
    private (long Revision, long At)? _farLease;

    public string Name => function.Method.Name;

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Runs the function outside its schedule, soon; the schedule stays as it is.</summary>
    public void RunNow() => _asked.Release();

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            try
            {
                await StepAsync(stopping);
            }
            catch (Exception e) when (e is not HostStartupException && !(e is OperationCanceledException && stopping.IsCancellationRequested))
            {
                // Without its state nobody knows whether another node runs it: not run rather than run twice.
                LogUnreachable(logger, e, Name);
                await Task.Delay(StoreRetry, time, stopping);
            }
        }
    }

    public void Dispose() => _asked.Dispose();

    private async Task StepAsync(CancellationToken stopping)
    {
        var kept = await store.ReadAsync(Name, stopping);
        if (kept is null)
        {
            var now = Now;
            kept = await store.StoreAsync(Name, 0, new TimerState { LastUpdated = now, Next = function.Schedule.Next(now) }, stopping);
            if (kept is null)
            {
                return;
            }
        }

        if (_unreported is { } ended)
        {
            // A run of ours has ended, and the hub could not be told then.
            if (kept.State.Owner == node)
            {
                await store.StoreOwnedAsync(Name, node, kept.Revision, ended, stopping);
            }

            _unreported = null;
            return;
        }

        var due = function.Schedule.Next(Since(kept.State));
        var missed = _first && function.UseMonitor && due <= Now;
        if (!_atStart && !_byHand && due > Now)
        {
            _first = false;
            await WaitAsync(due, stopping);
            return;
        }

        if (IsHeld(kept))
        {
            var look = Now + TakeoverLook;
            await WaitAsync(kept.State.LeaseUntil < look ? kept.State.LeaseUntil.Value : look, stopping);
            return;
        }

        var pastDue = missed || (due <= Now && (kept.State.Owner is not null || Now - due >= Late));
        await using var lease = await TimerLease.TakeAsync(store, Name, node, kept, time, stopping);
        if (lease is not null)
        {
            _first = false;
            var counts = _atStart || due <= Now;
            (_atStart, _byHand) = (false, false);
            await FireAsync(lease, kept.State, pastDue, counts, due <= Now ? due : Now, stopping);
        }
    }

    /// <summary>From the times, not from the kept Next: the schedule may have been changed since. What is not monitored counts from this process's start.</summary>
    private DateTime Since(TimerState state)
    {
        var since = function.UseMonitor || state.Since > _began ? state.Since : _began;
        if (since <= Now + LongestWait)
        {
            _countsFrom = null;
            return since;
        }

        // Kept under a clock that was ahead. Not written: this clock may be the wrong one, and what is kept counts again when it has come.
        if (_countsFrom is not { } from || from > Now + LongestWait)
        {
            _countsFrom = from = Now;
            LogAhead(logger, Name, since);
        }

        return from;
    }

    /// <summary>Whether another node runs it. A lease that ends later than any could was taken under a clock that was ahead: whoever lives renews it all the same, and for long enough that shows.</summary>
    private bool IsHeld(KeptTimer kept)
    {
        if (kept.State.Owner is not { } owner || owner == node || kept.State.LeaseUntil <= Now)
        {
            return false;
        }

        var longest = TimerLease.Length + ClocksDiffer;
        if (kept.State.LeaseUntil <= Now + longest)
        {
            return true;
        }

        if (_farLease is not { } seen || seen.Revision != kept.Revision)
        {
            _farLease = seen = (kept.Revision, time.GetTimestamp());
        }

        return time.GetElapsedTime(seen.At) < longest;
    }

    private async Task WaitAsync(DateTime until, CancellationToken stopping)
    {
        var left = until - Now;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var asked = _asked.WaitAsync(over.Token);
        await Task.WhenAny(asked, Task.Delay(left < LongestWait ? (left > TimeSpan.Zero ? left : TimeSpan.Zero) : LongestWait, time, over.Token));
        await over.CancelAsync();
        await asked.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _byHand |= asked.IsCompletedSuccessfully;
        stopping.ThrowIfCancellationRequested();
    }

    /// <param name="counts">False for a run by hand: the schedule is not brought forward by it.</param>
    private async Task FireAsync(TimerLease lease, TimerState state, bool pastDue, bool counts, DateTime occurrence, CancellationToken stopping)
    {
        var info = new TimerInfo { IsPastDue = pastDue, ScheduleStatus = function.UseMonitor ? state.Status : null };
        var started = time.GetTimestamp();
        var outcome = FunctionOutcome.Succeeded;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping, lease.Lost);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await function.Method.InvokeAsync(new FunctionInvocation(scope.ServiceProvider, stop.Token) { Timer = info });
            LogExecuted(logger, Name, pastDue, time.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            outcome = FunctionOutcome.Cancelled;
        }
        catch (Exception e)
        {
            // As in Functions: a failed run is not repeated, the schedule goes on.
            outcome = FunctionOutcome.Failed;
            LogFailed(logger, e, Name);
        }

        metrics.Ran(Name, "timer", outcome, time.GetElapsedTime(started));
        var last = await lease.EndAsync();
        var released = last.State with { Owner = null, LeaseUntil = null };
        if (outcome != FunctionOutcome.Cancelled && counts)
        {
            // A clock that was set back must not make the same occurrence due again.
            var now = Now;
            var after = now > occurrence ? now : occurrence;
            released = released with { Last = after, LastUpdated = after, Next = function.Schedule.Next(after) };
        }

        await ReleaseAsync(last, released, outcome);
    }

    /// <summary>Not with the token of the stop: a run that was cut short must be open to the next node at once, and is past due there.</summary>
    private async Task ReleaseAsync(KeptTimer last, TimerState released, FunctionOutcome outcome)
    {
        try
        {
            if (await store.StoreOwnedAsync(Name, node, last.Revision, released, CancellationToken.None) is null)
            {
                LogLost(logger, Name);
            }
        }
        catch (Exception e) when (e is not HostStartupException)
        {
            if (outcome != FunctionOutcome.Cancelled)
            {
                _unreported = released;
            }

            LogUnreachable(logger, e, Name);
        }
    }

    [LoggerMessage(EventId = 5201, Level = LogLevel.Information, Message = "{Function} ran by its schedule (past due: {PastDue}) in {Milliseconds:0.0} ms")]
    private static partial void LogExecuted(ILogger logger, string function, bool pastDue, double milliseconds);

    [LoggerMessage(EventId = 5202, Level = LogLevel.Error, Message = "{Function} failed; it runs again at its next occurrence")]
    private static partial void LogFailed(ILogger logger, Exception exception, string function);

    [LoggerMessage(EventId = 5203, Level = LogLevel.Error, Message = "The state of timer {Function} cannot be read or kept; it is tried again in a few seconds")]
    private static partial void LogUnreachable(ILogger logger, Exception exception, string function);

    [LoggerMessage(EventId = 5205, Level = LogLevel.Warning, Message = "Timer {Function} ran last at {Since:u}, a time that has not come: a clock was ahead. Its schedule counts from now on")]
    private static partial void LogAhead(ILogger logger, string function, DateTime since);

    [LoggerMessage(EventId = 5204, Level = LogLevel.Warning, Message = "Another node has taken over timer {Function} while this one ran it: the hub was out of reach for too long")]
    private static partial void LogLost(ILogger logger, string function);
}
