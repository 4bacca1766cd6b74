namespace SnapshotWorkflows.Contracts;

/// <summary>Who goes first in the queue. The numbers stand in its stored state.</summary>
public static class AdmissionPriorities
{
    public const int Policy = 0;

    /// <summary>A person waits for it.</summary>
    public const int Person = 1;

    /// <summary>A disk is missing: nothing is more urgent.</summary>
    public const int Restore = 2;
}
