namespace SnapshotWorkflows.Contracts;

public sealed record FindCopyInput(RequestKey Snapshot);

/// <summary>A copy on secondary storage, as its manifest (or, half deleted, its tombstone) tells.</summary>
/// <param name="Manifest">Name of the manifest.</param>
/// <param name="Array">The volume on the array, for a snapshot that was kept there.</param>
public sealed record StoredCopy(RequestKey Snapshot, string Destination, string Manifest, string Format, string Location, long DataBytes, ArrayVolume Array)
{
    /// <summary>The group that it was taken with, where the catalog knows.</summary>
    public RequestKey? Group { get; init; }

    /// <summary>Whether the array's snapshot was kept besides; null in tombstones that are older than this member.</summary>
    public bool? KeptOnPrimary { get; init; }
}

/// <param name="Copy">Null when neither manifest nor tombstone is there.</param>
public sealed record FoundCopy(StoredCopy? Copy)
{
    /// <summary>It was deleted before, and the store confirmed it then.</summary>
    public bool Destroyed { get; init; }

    /// <summary>
    /// With <see cref="Destroyed"/>: the copy was in chunks, and its repository is there. A person can take a deletion back in it, and the note that says how a deletion ended can be damaged; so it is deleted there
    /// once more, which changes nothing where it is deleted. Its <see cref="StoredCopy.Array"/> is not known any more.
    /// </summary>
    public StoredCopy? Remains { get; init; }

    /// <summary>A deletion got as far as taking its tombstone away, and did not come to mark the row.</summary>
    public bool Finished { get; init; }

    /// <summary>The array's volume of a snapshot that is on the array alone; with <see cref="Destroyed"/>, that was.</summary>
    public ArrayVolume? Primary { get; init; }

    /// <summary>With <see cref="Primary"/>: there was a copy too, its store shows nothing of it, and the row has said so (Error).</summary>
    public bool CopyGone { get; init; }

    /// <summary>The row says that it is being deleted, by this deletion or by one before it.</summary>
    public bool Begun { get; init; }

    /// <summary>The group that such a snapshot was taken with.</summary>
    public RequestKey? Group { get; init; }
}

/// <param name="By">Who deletes, for the tombstone.</param>
public sealed record EntombCopyInput(StoredCopy Copy, string By, string Reason);

public sealed record HoldCopyInput(StoredCopy Copy, string By, string? Reason);

/// <summary>A change of one row of the catalog, whatever else it says.</summary>
public sealed record MarkSnapshotInput(RequestKey Snapshot)
{
    public SnapshotState? State { get; init; }

    public bool? Held { get; init; }

    /// <summary>Read whole and found what it should be; takes an earlier mark of damage off.</summary>
    public DateTimeOffset? LastProven { get; init; }

    public DateTimeOffset? DamagedAt { get; init; }

    /// <summary>As of <see cref="ContentReceipt.OccupiedBytes"/>, when it was read whole.</summary>
    public long? OccupiedBytes { get; init; }

    /// <summary>It could not be read; a verdict takes this off.</summary>
    public DateTimeOffset? VerifyTriedAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>As of <see cref="SnapshotRow.Notice"/>.</summary>
    public StepNotice? Notice { get; init; }
}

/// <param name="Outcome"><c>done</c>, <c>refused</c> or <c>failed</c>.</param>
public sealed record AuditEntry(string Who, string What, string Subject, string Outcome, string? Detail);
