using SnapshotWorkflows.Durable.Engine.Turns;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <content>What a clock that was ahead has left behind once it is right: waits that would last until the time that it showed.</content>
internal sealed partial class Dispatcher
{
    private readonly ClockSteps _steps = new(time);

    /// <summary>Instances whose timers are to be looked at; they sleep, and are not read for it.</summary>
    private readonly HashSet<string> _unexamined = new(StringComparer.Ordinal);
    private bool _examinesAll;
    private DateTimeOffset? _examinesAt;

    private async Task HeedClockAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (_steps.SetBack(now) is { } by)
            SetBack(by, now);
        if (_examinesAt <= now)
            await ExamineAsync(now, cancellation);
        if (hot.Misdated.TakeFound() is { } found)
            logger.TimersMisdated(found.Count, found.Latest);
    }

    /// <summary>The waits of the engine's own began under the clock as it was. Those for a next try are short, and are over now: who is woken too early sleeps again.</summary>
    private void SetBack(TimeSpan by, DateTimeOffset now)
    {
        logger.ClockSetBack(by);
        (_examinesAll, _examinesAt) = (true, now);
        _gates.SetBack(by);
        _suspects.SetBack(by);
        var shortWaits = now + by + options.HubRetryDelay;
        while (_wakes.TryPeek(out var instanceId, out var wake) && wake.Due <= shortWaits)
        {
            _wakes.Dequeue();
            if (hot.Find(instanceId) is { } instance)
                instance.NextWake = null;
            else if (_entities.TryGetValue(instanceId, out var entity))
                entity.NextWake = null;
            MarkReady(instanceId);
        }
    }

    /// <summary>They sleep beyond what clocks differ by: their timers may be misdated.</summary>
    private void Examine(IEnumerable<(string InstanceId, DateTimeOffset Due)> wakes)
    {
        var now = time.GetUtcNow();
        _unexamined.UnionWith(wakes.Where(wake => wake.Due > now + MisdatedTimers.Tolerance).Select(wake => wake.InstanceId));
        if (_unexamined.Count > 0)
            _examinesAt = now;
    }

    private async Task ExamineAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        try
        {
            foreach (var timer in await hub.ReadTimersAsync(_examinesAll ? null : _unexamined, now + MisdatedTimers.Tolerance, cancellation))
            {
                var due = hot.Misdated.DueAt(timer, now);
                if (due < timer.DueAt && hot.Find(timer.InstanceId)?.Plan(due, now) != false)
                    Wake(timer.InstanceId, due);
            }
            _unexamined.Clear();
            (_examinesAll, _examinesAt) = (false, null);
        }
        catch (Exception exception) when (!PropagateFailures && exception is not OperationCanceledException)
        {
            logger.TimersUnread(exception, options.HubRetryDelay);
            _examinesAt = now + options.HubRetryDelay;
        }
    }
}
