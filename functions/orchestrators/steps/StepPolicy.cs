namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// How long a step is tried again. Only faults of kind Transient and Busy are, unless <paramref name="Anything"/>.
/// Waits double from <paramref name="First"/> to <paramref name="Longest"/>; a fault's own RetryAfter wins.
/// </summary>
/// <param name="Deadline">No new try begins after this much time since the first.</param>
/// <param name="Anything">Retry whatever the fault: for undo and clean-up, which must end done.</param>
/// <param name="FromFailure">The deadline counts from the first failure, for a try may have worked for hours before it (<see cref="Patience"/>).</param>
internal sealed record StepPolicy(TimeSpan First, TimeSpan Longest, TimeSpan Deadline, bool Anything = false, bool FromFailure = false)
{
    /// <summary>Looking before anything is made: a person waits for the answer.</summary>
    public static readonly StepPolicy Preflight = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(10));

    /// <summary>Making something: one lost answer is made up for soon, an appliance that fails over is waited for by the minute.</summary>
    public static readonly StepPolicy Work = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(30), FromFailure: true);

    /// <summary>Upkeep looks again within the hour: a system that is away for minutes is left for then.</summary>
    public static readonly StepPolicy Looking = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2));

    /// <summary>While a guest is frozen every second counts: better no snapshot than a long freeze.</summary>
    public static readonly StepPolicy Frozen = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    /// <summary>Between two freezes of one guest.</summary>
    public static readonly StepPolicy Refreezing = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(30));

    /// <summary>A thaw is tried until it is done, and soon again: the agent's time to live stands behind it.</summary>
    public static readonly StepPolicy Thawing = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(10), TimeSpan.MaxValue, Anything: true);

    /// <summary>The commit point: tried until it is known whether it came about. Only a fault that says "not done, and will not be" ends it.</summary>
    public static readonly StepPolicy Commit = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromMinutes(1), TimeSpan.MaxValue);

    /// <summary>Whoever asks decides after each try.</summary>
    public static readonly StepPolicy Once = new(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);

    /// <summary>Undo and clean-up never give up; what keeps failing is shown.</summary>
    public static readonly StepPolicy UntilDone = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(5), TimeSpan.MaxValue, Anything: true);

    /// <param name="failing">For how long it has been failing: <see cref="Patience.Failed"/>.</param>
    public bool Retries(StepFault fault, TimeSpan failing) => (Anything || fault.IsRetryable) && failing < Deadline;

    public TimeSpan DelayAfter(int attempt, StepFault fault)
    {
        if (fault.RetryAfter is { } asked && asked > TimeSpan.Zero) return asked < Longest ? asked : Longest;
        var doubled = First * Math.Pow(2, Math.Min(attempt - 1, 16));
        return doubled < Longest ? doubled : Longest;
    }
}
