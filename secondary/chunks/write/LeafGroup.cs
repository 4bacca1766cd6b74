using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>2 MiB of a disk on their way through the pipeline.</summary>
internal sealed class LeafGroup
{
    /// <summary>Number of the group on the disk.</summary>
    public required long Group { get; init; }

    /// <summary>Bytes of the disk in it; less than 2 MiB in the last group only.</summary>
    public required int Length { get; init; }

    /// <summary>The bytes, where the source is a stream; null where they are to be read.</summary>
    public DiskPiece? Piece { get; init; }

    /// <summary>Which leaves to read, a bit each. The others are as the baseline has them, or zeros where <see cref="IsHole"/>.</summary>
    public required uint Read { get; init; }

    /// <summary>The source says that there is nothing in it.</summary>
    public bool IsHole { get; init; }

    /// <summary>What the baseline has of each leaf.</summary>
    public required IndexRecord?[] Previous { get; init; }

    /// <summary>What an earlier attempt of the writer stored of each leaf; null where there was none.</summary>
    public IndexRecord?[]? Resumed { get; init; }
}

/// <summary>What became of a group.</summary>
/// <param name="Records">For the snapshot's index, ascending.</param>
/// <param name="DataBytes">In leaves that are not zeros.</param>
internal sealed record LeafGroupResult(LeafGroup Group, List<IndexRecord> Records, long DataBytes, long ReadBytes);
