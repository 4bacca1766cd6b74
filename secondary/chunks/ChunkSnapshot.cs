using SnapshotWorkflows.Secondary.Chunks.Format;

namespace SnapshotWorkflows.Secondary.Chunks;

/// <summary>A snapshot in a repository, as its manifest tells.</summary>
/// <param name="Snapshot">Its id.</param>
/// <param name="Volume">The id of the disk that it is of; snapshots of one volume are each other's baseline.</param>
/// <param name="Root">Root of the disk, 64 hex digits (docs/formats/disk-root.md).</param>
/// <param name="DataBytes">Bytes in leaves that are not zeros.</param>
/// <param name="SentBytes">Bytes that its last run sent to the store.</param>
/// <param name="NewLeaves">Leaves that its last run stored.</param>
/// <param name="FullReason">Why nothing was taken from an earlier snapshot; null where something was.</param>
/// <param name="DeletedAndKept">Deleted, and can still be brought back.</param>
public sealed record ChunkSnapshot(
    string Snapshot, string Volume, long DiskBytes, string Root, DateTimeOffset StartedAt, DateTimeOffset EndedAt, long DataBytes, long ReadBytes, long SentBytes, long NewLeaves,
    string? Previous, string? FullReason, string? KeyId, bool DeletedAndKept)
{
    internal string Session { get; init; } = "";

    internal IReadOnlyList<LayerText> Layers { get; init; } = [];

    internal int LeafBytes { get; init; }

    internal static ChunkSnapshot Of(EndText end, bool deleted = false) =>
        new(end.Snapshot!, end.Volume!, end.DiskBytes!.Value, end.Root!, end.StartedAt!.Value, end.EndedAt!.Value, end.DataBytes ?? 0, end.ReadBytes ?? 0, end.SentBytes ?? 0, end.NewLeaves ?? 0,
            end.Previous, end.FullReason, end.KeyId, deleted)
        {
            Session = end.Session,
            Layers = end.Layers!,
            LeafBytes = end.LeafBytes!.Value,
        };
}

/// <summary>What a backup is to make.</summary>
public sealed record ChunkSnapshotRequest
{
    /// <summary>A name segment, best a uuid; used for one backup, ever. The same id again goes on with that backup, or finds it done.</summary>
    public required string Snapshot { get; init; }

    /// <summary>The disk's id.</summary>
    public required string Volume { get; init; }

    /// <summary>The snapshot to build on; null = the newest of the volume.</summary>
    public string? Previous { get; init; }

    /// <summary>What may have changed since <see cref="Previous"/>, where the source can tell; not used where it is relative to another snapshot than the baseline.</summary>
    public Pipeline.ChangedExtents? Changed { get; init; }

    /// <summary>Build on nothing: everything is read, and the index is made anew. What is stored already is still not sent again.</summary>
    public bool Full { get; init; }

    /// <summary>Length of leaves; null = by the disk's size. For tests.</summary>
    internal int? LeafBytes { get; init; }

    /// <summary>A run before this one found the baseline's index damaged.</summary>
    internal bool BaselineDamaged { get; init; }
}
