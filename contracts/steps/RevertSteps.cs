namespace SnapshotWorkflows.Contracts;

public sealed record FindRevertInput(RequestKey Snapshot);

/// <summary>What there is to go back to.</summary>
/// <param name="VolumeId">CloudStack's uuid.</param>
/// <param name="Array">The array's volume, where a snapshot of ours was kept there.</param>
/// <param name="CloudStackSnapshotId">CloudStack's own snapshot, where it was adopted.</param>
/// <param name="Group">The group that it was taken with.</param>
public sealed record RevertSource(string VolumeId, ArrayVolume? Array, string? CloudStackSnapshotId, RequestKey? Group);

public sealed record ProveStoppedInput(string VolumeId);

public sealed record CloudRevertInput(RequestKey Key, string CloudStackSnapshotId);

public sealed record CloudRevertJob(RequestKey Key, string JobId);

/// <param name="Ended">False while CloudStack is at it.</param>
public sealed record CloudRevertCheck(bool Ended);

/// <param name="JobId">CloudStack's job, where a call has come to it, answered or not; null: none has, and none comes any more.</param>
public sealed record SettledCloudRevert(string? JobId);

/// <param name="Snapshot">Whose array's snapshot is gone back to.</param>
public sealed record RollBackInput(RequestKey Key, RequestKey Snapshot, RequestKey? Group, ArrayVolume Volume)
{
    /// <summary>The volume was named by the array's id, and CloudStack is not asked about it: it must be none of CloudStack's.</summary>
    public bool ArrayOnly { get; init; }
}

/// <summary>What came of the roll-backs that were sent, when none of them can come any more.</summary>
/// <param name="Answered">The array has said that the volume is put back.</param>
/// <param name="Saved">The oldest of what they saved: one took effect, answered or not. Null: none did.</param>
public sealed record SettledRollBack(bool Answered, RollBackReceipt? Saved);

/// <param name="SavedSnapshot">Name on the array.</param>
public sealed record RollBackReceipt(string SavedSnapshot, DateTimeOffset SavedUntil);

public sealed record InspectRollBackInput(RequestKey Snapshot, RequestKey? Group, ArrayVolume Volume)
{
    /// <summary>A roll-back took effect, so the revert only goes forward: a deletion waits for it.</summary>
    public bool Forward { get; init; }

    /// <inheritdoc cref="RollBackInput.ArrayOnly"/>
    public bool ArrayOnly { get; init; }
}

/// <param name="Iqn">Target name of the volume, by which pools know it.</param>
public sealed record RollBackPlan(string Iqn);
