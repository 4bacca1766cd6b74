namespace SnapshotWorkflows.Activities.GuestSteps;

// CA1001: the token source has no timer and no wait handle, and tries may outlive it.
#pragma warning disable CA1001
/// <summary>
/// One arm in the watchdog's memory: when its machine is due, and the tries to let it go on. Due is what is over by the clock, or has been known for as long as it was to last: a clock that was set must not make a pause a
/// long one.
/// </summary>
internal sealed class GuardedPause(PauseArm arm, TimeProvider time)
#pragma warning restore CA1001
{
    /// <summary>A try that hangs is left to itself after so long, and another begins beside it.</summary>
    private static readonly TimeSpan s_beside = TimeSpan.FromMilliseconds(500);

    /// <summary>Between two looks at a machine that runs and that a pause may still come to: soon enough for it to go on within 10 s.</summary>
    private static readonly TimeSpan s_whileItRuns = TimeSpan.FromSeconds(2);

    /// <summary>A reason that does not change is told again after so long.</summary>
    private static readonly TimeSpan s_toldAgain = TimeSpan.FromMinutes(1);

    /// <summary>Tries of one machine at a time.</summary>
    private const int MostUnderWay = 10;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly long _seen = time.GetTimestamp();
    private readonly TimeSpan _left = Least(arm.ExpiresAt - time.GetUtcNow(), PauseOptions.LongestTimeToLive);
    private (PauseMark Mark, long Since)? _other;
    private (string Reason, long At)? _told;
    private (long From, TimeSpan For)? _wait;
    private int _underWay;
    private int _tries;

    public PauseArm Arm { get; } = arm;

    /// <summary>Its file is in the folder: whoever armed it is not done with it.</summary>
    public bool IsArmed { get; set; } = true;

    /// <summary>Nothing is paused by it any more.</summary>
    public bool IsEnded => _ended.IsCancellationRequested;

    /// <summary>Ends the tries that hang, once another has done it.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Since the watchdog has known it, whatever the clock says.</summary>
    public TimeSpan Age => time.GetElapsedTime(_seen);

    private bool IsDue => Arm.ExpiresAt <= time.GetUtcNow() || Age >= _left;

    /// <returns>The number of the try that begins now; null where none does.</returns>
    public int? Begin()
    {
        lock (_gate)
        {
            if (IsEnded || !IsDue || _underWay >= MostUnderWay || (_wait is { } wait && time.GetElapsedTime(wait.From) < wait.For)) return null;
            _wait = (time.GetTimestamp(), s_beside);
            _underWay++;
            return _tries++;
        }
    }

    /// <summary>A try is over.</summary>
    public void Leave()
    {
        lock (_gate) _underWay--;
    }

    /// <summary>The pause may still come: the machine is looked at again in a while.</summary>
    public void WaitForIt()
    {
        lock (_gate) _wait = (time.GetTimestamp(), s_whileItRuns);
    }

    public void End() => _ended.Cancel();

    /// <summary>Whether a pause is over that was begun anew under this marker: by the clock, or because its mark has been seen for as long as a pause may last.</summary>
    public bool IsOver(PauseMark other)
    {
        lock (_gate)
        {
            if (_other?.Mark != other) _other = (other, time.GetTimestamp());
            return other.ExpiresAt <= time.GetUtcNow() || time.GetElapsedTime(_other!.Value.Since) >= PauseOptions.LongestTimeToLive;
        }
    }

    /// <summary>Whether a reason is to be told: one that is new, or was told a minute ago.</summary>
    public bool IsToBeTold(string reason)
    {
        lock (_gate)
        {
            if (_told is { } told && told.Reason == reason && time.GetElapsedTime(told.At) < s_toldAgain) return false;
            _told = (reason, time.GetTimestamp());
            return true;
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
