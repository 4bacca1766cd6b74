namespace SnapshotWorkflows.Contracts;

/// <summary>What PurgeDeleted is started with. Stored for ever: add optional members only.</summary>
public sealed record PurgeDeletedInput(string Caller)
{
    /// <summary>Goes through all arrays; false, from a version that knew one alone, through the first.</summary>
    public bool EachArray { get; init; }
}

/// <param name="Pressure">Why they need not wait for their hours; null when nothing presses.</param>
/// <param name="Clones">Deleted volumes that bear our mark and may be purged now.</param>
public sealed record PurgeableClones(string? Pressure, IReadOnlyList<DeletedClone> Clones);

public sealed record FindPurgeableInput(DateTimeOffset Now)
{
    /// <summary>Name of the array; null is the first.</summary>
    public string? Array { get; init; }
}

/// <summary>A clone of ours that is deleted and not purged.</summary>
public sealed record DeletedClone(RequestKey Key, ArrayVolume Volume, DateTimeOffset? DeletedAt)
{
    /// <summary>What its mark says that it was: null is a clone; else the volume that a restore was making, whose name may be anything.</summary>
    public string? Role { get; init; }
}

public sealed record PurgeDeletedResult(int Purged, string? Pressure, IReadOnlyList<SweepFailure> Left);
