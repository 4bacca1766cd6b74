namespace SnapshotWorkflows.Contracts;

/// <summary>
/// The public face of one snapshot while it is made and afterwards: the instance's custom status, and what the catalog keeps of it.
/// </summary>
public sealed record SnapshotStatus
{
    public required SnapshotState State { get; init; }

    /// <summary>The step under way, by its activity's name; null when ended.</summary>
    public string? Step { get; init; }

    /// <summary>Why nothing moves just now: the last retryable fault of the current step.</summary>
    public StepNotice? Waiting { get; init; }

    /// <summary><c>crash</c> or <c>quiesced</c>; null before the array's snapshot exists.</summary>
    public string? Consistency { get; init; }

    /// <summary>Longest the guest was held frozen by us, in ms.</summary>
    public double? FrozenMs { get; init; }

    public VerifiedMark? Verified { get; init; }

    /// <summary>Manifest's name relative to its destination.</summary>
    public string? Manifest { get; init; }

    /// <summary>Data's name relative to its destination.</summary>
    public string? Location { get; init; }

    public string? Destination { get; init; }

    /// <summary>Hex Merkle root of the whole disk (docs/formats/disk-root.md).</summary>
    public string? Root { get; init; }

    public long? DiskBytes { get; init; }

    /// <summary>Size of the data object on secondary storage.</summary>
    public long? StoredBytes { get; init; }

    /// <summary>As of <see cref="ContentReceipt.OccupiedBytes"/>. No manifest tells it: after a rebuild it comes back when the copy is read again.</summary>
    public long? OccupiedBytes { get; init; }

    /// <summary>The array's own time of the snapshot.</summary>
    public DateTimeOffset? TakenAt { get; init; }

    public StepNotice? Failure { get; init; }

    public CleanupStatus Cleanup { get; init; } = new(Done: false, Stuck: null);

    /// <summary>True once nothing more will happen.</summary>
    public bool Ended { get; init; }
}

/// <summary>A fault as a user sees it.</summary>
public sealed record StepNotice(string Code, string Message, string Remedy, string Step, int Attempts = 1);

/// <summary>How far the copy is proven, and when. Only <c>full</c> counts as verified.</summary>
public sealed record VerifiedMark(string Level, DateTimeOffset At);

/// <summary>Whether what the request made on the way is gone again.</summary>
/// <param name="Done">Nothing is left beyond what the request keeps.</param>
/// <param name="Stuck">The clean-up step that keeps failing, for a person to see.</param>
public sealed record CleanupStatus(bool Done, StepNotice? Stuck);

/// <summary>Progress of the running copy or check: reported outside history.</summary>
/// <param name="Step">Activity's name.</param>
/// <param name="Bytes">Bytes of the source done so far.</param>
/// <param name="Total">Bytes of the source in all.</param>
/// <param name="Rate">Bytes per second, smoothed; 0 while unknown.</param>
/// <param name="EtaSeconds">Seconds to go; null while unknown.</param>
public sealed record StepProgress(string Step, long Bytes, long Total, double Rate, double? EtaSeconds);
