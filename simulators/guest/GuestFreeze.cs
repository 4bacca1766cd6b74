namespace SnapshotWorkflows.Simulators.Guest;

/// <summary>How a freeze ended. <see cref="Held"/>: it lasted without interruption until it was thawed by its own marker.</summary>
public sealed record FreezeOutcome(string Marker, bool Held, DateTimeOffset? FrozenAt, DateTimeOffset? ThawedAt)
{
    public double HeldMilliseconds => FrozenAt is { } from && ThawedAt is { } to ? (to - from).TotalMilliseconds : 0;
}

/// <summary>A freeze under way.</summary>
public sealed record ActiveFreeze(string Marker, DateTimeOffset At, DateTimeOffset ExpiresAt);

/// <summary>
/// The point in one guest where its writes pass. A freeze waits for the write under way, then holds every later one back until it is
/// thawed or its time to live is over, whoever may be alive to call by then.
/// </summary>
public sealed class GuestFreeze(TimeProvider clock) : IDisposable
{
    private const int OutcomesKept = 64;

    private readonly SemaphoreSlim writes = new(1, 1);
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Lock gate = new();
    private readonly Dictionary<string, FreezeOutcome> outcomes = new(StringComparer.Ordinal);
    private readonly Queue<string> order = [];
    private ActiveFreeze? active;
    private ITimer? timeToLive;
    private int all;
    private int expired;

    /// <summary>What a freeze does once no write is under way; set by whoever owns the disk.</summary>
    public Action? Flush { get; set; }

    /// <summary>How many freezes have begun, and how many of them the agent had to end itself, for their time was over.</summary>
    public (int All, int Expired) Count
    {
        get
        {
            lock (gate)
            {
                ExpireIfDue();
                return (all, expired);
            }
        }
    }

    /// <summary>The freeze under way, or null.</summary>
    public ActiveFreeze? Active
    {
        get
        {
            lock (gate)
            {
                ExpireIfDue();
                return active;
            }
        }
    }

    /// <summary>
    /// Freezes; the same marker again answers the same freeze and does not prolong it. Null when another marker holds the guest.
    /// </summary>
    public async Task<ActiveFreeze?> FreezeAsync(string marker, TimeSpan duration, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            if (Active is { } current)
            {
                return current.Marker == marker ? current : null;
            }

            await writes.WaitAsync(cancellation);
            try
            {
                Flush?.Invoke();
            }
            catch
            {
                writes.Release();
                throw;
            }

            lock (gate)
            {
                var now = clock.GetUtcNow();
                active = new ActiveFreeze(marker, now, now + duration);
                all++;
                timeToLive = clock.CreateTimer(static state => _ = ((GuestFreeze)state!).Active, this, duration, Timeout.InfiniteTimeSpan);
                return active;
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>
    /// Ends the freeze of this marker if it is the one under way. Asked again, it tells the same outcome; of a marker never seen, that
    /// nothing was held. Another marker's freeze is left alone.
    /// </summary>
    public FreezeOutcome Thaw(string marker)
    {
        lock (gate)
        {
            ExpireIfDue();
            if (active?.Marker == marker)
            {
                End(held: true, clock.GetUtcNow());
            }

            return outcomes.GetValueOrDefault(marker) ?? new FreezeOutcome(marker, Held: false, null, null);
        }
    }

    /// <summary>A write asks to pass; it waits while the guest is frozen.</summary>
    public Task EnterWriteAsync(CancellationToken cancellation) => writes.WaitAsync(cancellation);

    /// <summary>The write is done.</summary>
    public void ExitWrite() => writes.Release();

    /// <inheritdoc />
    public void Dispose()
    {
        lock (gate)
        {
            timeToLive?.Dispose();
        }

        writes.Dispose();
        turn.Dispose();
    }

    private void ExpireIfDue()
    {
        if (active is { } current && clock.GetUtcNow() >= current.ExpiresAt)
        {
            expired++;
            End(held: false, current.ExpiresAt);
        }
    }

    private void End(bool held, DateTimeOffset at)
    {
        var ended = active!;
        active = null;
        timeToLive?.Dispose();
        timeToLive = null;
        if (!outcomes.ContainsKey(ended.Marker))
        {
            order.Enqueue(ended.Marker);
        }

        outcomes[ended.Marker] = new FreezeOutcome(ended.Marker, held, ended.At, at);
        if (order.Count > OutcomesKept)
        {
            outcomes.Remove(order.Dequeue());
        }

        writes.Release();
    }
}
