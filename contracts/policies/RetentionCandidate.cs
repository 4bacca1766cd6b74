namespace SnapshotWorkflows.Contracts;

/// <summary>A copy of one volume, as retention sees it.</summary>
/// <param name="TakenAt">The array's time of the snapshot.</param>
/// <param name="Good">Verified in full, and not found damaged since.</param>
/// <param name="Held">Under legal hold.</param>
public sealed record RetentionCandidate(RequestKey Key, DateTimeOffset TakenAt, bool Good, bool Held);

/// <param name="Reasons">Why it is kept, or the one reason why it goes; for people.</param>
public sealed record RetentionVerdict(RequestKey Key, DateTimeOffset TakenAt, bool Keep, IReadOnlyList<string> Reasons)
{
    /// <summary>It is a good copy that nobody holds: one that a rule could let go.</summary>
    public bool Counts { get; init; }

    /// <summary>Not verified in full, or found damaged since: it stays, and no other copy may go on the strength of it.</summary>
    public bool NotGood { get; init; }
}
