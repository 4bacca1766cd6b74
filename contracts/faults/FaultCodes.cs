namespace SnapshotWorkflows.Contracts;

/// <summary>Codes that the workflow itself decides on; all others only reach people.</summary>
public static class FaultCodes
{
    /// <summary>The clone is neither listed nor under way any more.</summary>
    public const string CloneLost = "clone.lost";

    /// <summary>Whether the resign ended, or stopped half-way, cannot be told: such a clone is not used.</summary>
    public const string ResignOutcomeUnknown = "resign.outcome-unknown";

    /// <summary>Whether an SR was made on the new volume, whole or in part, cannot be told: such a volume is not used.</summary>
    public const string FormatOutcomeUnknown = "format.outcome-unknown";

    /// <summary>None of the arrays of the settings is the cluster that is meant.</summary>
    public const string OtherCluster = "array.other-cluster";

    /// <summary>A restore reads the copy, or is about to.</summary>
    public const string BeingRestored = "snapshot.being-restored";

    /// <summary>A revert needs the snapshot on the array, or is about to.</summary>
    public const string BeingReverted = "snapshot.being-reverted";

    /// <summary>The copy's task is gone without a verdict, or it failed: the destination may hold part of it.</summary>
    public const string CopyOutcomeUnknown = "copy.outcome-unknown";
}
