using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Turns;

/// <summary>
/// Timers that were made, by their record, later than now: under a clock that was ahead. Their length counts from when that was found, and by the monotonic clock: one that is behind at a
/// start finds every timer misdated, and when it is set right a minute later none of them may fire for that. A point in time that an orchestrator gave stays that point. Nothing fires
/// before its length has passed since it was made, nor after its record's time. Owned by the dispatcher.
/// </summary>
internal sealed class MisdatedTimers(TimeProvider time)
{
    /// <summary>Clocks of nodes may differ by so much (docs/host.md); nothing is misdated for that.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(10);

    /// <summary>Two readings of two clocks are never of one moment: a time that was told stays until it is off by so much.</summary>
    private static readonly TimeSpan s_jitter = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, Wait> _waits = [];
    private int _found;
    private DateTimeOffset _latest;

    /// <summary>When the message may be consumed, as things stand.</summary>
    public DateTimeOffset DueAt(InboxMessage message, DateTimeOffset now)
    {
        var due = message.DueAt;
        if (message.Event is not TimerFiredEvent { Delay: { } delay } || due <= now)
            return due;
        if (!_waits.TryGetValue(message.Sequence, out var wait))
        {
            var made = due - delay;
            if (made <= now + Tolerance)
                return due;
            _waits[message.Sequence] = wait = new Wait(time.GetTimestamp(), now + delay);
            _found++;
            _latest = made > _latest ? made : _latest;
        }
        var exact = now + (delay - time.GetElapsedTime(wait.FoundAt));
        if ((exact - wait.Due).Duration() > s_jitter)
            _waits[message.Sequence] = wait = wait with { Due = exact };
        return wait.Due < due ? wait.Due : due;
    }

    /// <summary>How many were found since this was asked before, and the latest time at which one was made, by its record.</summary>
    public (int Count, DateTimeOffset Latest)? TakeFound()
    {
        if (_found == 0)
            return null;
        var found = (_found, _latest);
        (_found, _latest) = (0, default);
        return found;
    }

    /// <summary>They are gone.</summary>
    public void Forget(IEnumerable<long> sequences)
    {
        if (_waits.Count == 0)
            return;
        foreach (var sequence in sequences)
            _waits.Remove(sequence);
    }

    /// <param name="FoundAt">A timestamp of the monotonic clock.</param>
    private readonly record struct Wait(long FoundAt, DateTimeOffset Due);
}
