namespace SnapshotWorkflows.Contracts;

/// <summary>The clock as it was last seen, by whichever node. Stored.</summary>
public sealed record ClockSight(DateTimeOffset SeenAt)
{
    /// <summary>When it made a step that nothing confirmed, by itself; null while it is believed.</summary>
    public DateTimeOffset? DoubtedAt { get; init; }

    public string? Why { get; init; }
}

/// <summary>Why nothing is let go by this clock unasked.</summary>
/// <param name="Until">When it may be believed again, if nothing else happens to it.</param>
public sealed record ClockDoubt(string Why, DateTimeOffset Until);
