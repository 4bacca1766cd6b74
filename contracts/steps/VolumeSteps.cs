namespace SnapshotWorkflows.Contracts;

/// <param name="VmId">CloudStack's uuid of the VM, for the hook's address.</param>
/// <param name="Marker">Names this very freeze: a later one has another.</param>
public sealed record FreezeInput(RequestKey Key, string VmId, string Marker)
{
    /// <summary>Name of the pool, for a pause.</summary>
    public string? Pool { get; init; }

    /// <summary>The pool's uuid of the machine that is paused; null: the guest's hook is called.</summary>
    public string? VmUuid { get; init; }
}

public sealed record FreezeReceipt(string Marker, DateTimeOffset At);

/// <param name="Held">The freeze of this marker lasted without a break until this thaw.</param>
public sealed record ThawReceipt(bool Held, double FrozenMs);

/// <param name="Retention">The fuse: the array deletes the snapshot by itself after this time, should we never come back.</param>
public sealed record StorageSnapshotInput(RequestKey Key, ArrayVolume Volume, TimeSpan Retention)
{
    /// <summary>The group that it may have been taken with: then the array's snapshot bears that mark.</summary>
    public RequestKey? Group { get; init; }

    /// <summary>When a finished snapshot is deleted: whether one was kept on the array beside its copy. Null where it was the array's alone, and wherever the array's snapshot is undone or cleaned up.</summary>
    public bool? KeptBesideCopy { get; init; }

    /// <summary>The freeze that it is to be taken in: only a snapshot that bears this marker is the one. Null where nobody is frozen.</summary>
    public string? Freeze { get; init; }

    /// <summary>Where it is kept: the array's id of the one that was taken. Null in inputs that are older than this member.</summary>
    public long? SnapshotId { get; init; }
}

public sealed record StorageSnapshot(long SnapshotId, string Uuid, DateTimeOffset CreatedAt, long TotalSizeBytes);

public sealed record StartCloneInput(RequestKey Key, ArrayVolume Source, long SnapshotId, long TotalSizeBytes)
{
    /// <summary>A snapshot of ours that is to stay: its fuse from now. Null leaves the fuse that it has.</summary>
    public TimeSpan? Fuse { get; init; }
}

/// <summary>What CloneVolume answered. The clone is invisible until it is done, so its id is kept from here.</summary>
/// <param name="AsyncHandle">Null when an earlier attempt's clone was found finished.</param>
public sealed record CloneReceipt(ArrayVolume Volume, long? AsyncHandle);

public sealed record CheckCloneInput(RequestKey Key, CloneReceipt Receipt);

/// <param name="Lun">Set when the clone is active.</param>
public sealed record CloneCheck(CloneLun? Lun);

public sealed record CloneLun(ArrayVolume Volume, string Iqn, string ScsiId, long TotalSizeBytes, string Portal);

/// <summary>Names a clone of ours by request and source; its id too, where it is known.</summary>
public sealed record OwnedCloneInput(RequestKey Key, ArrayVolume Source);

/// <param name="InitiatorIqn">The host's. Empty, when access is taken back: the group that the ledger tells.</param>
public sealed record AccessInput(RequestKey Key, ArrayVolume Volume, string InitiatorIqn);

public sealed record AccessReceipt(long VolumeAccessGroupId);
