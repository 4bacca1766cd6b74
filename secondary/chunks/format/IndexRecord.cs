namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary>Where a leaf of a disk lies.</summary>
/// <param name="Leaf">Its number.</param>
/// <param name="Pack">Number of the pack in a table of packs, or <see cref="Zeros"/>.</param>
/// <param name="Offset">Of the frame in the pack.</param>
/// <param name="Stored">Length and codec of the frame.</param>
/// <param name="Hash">Hash of its bytes.</param>
internal readonly record struct IndexRecord(uint Leaf, int Pack, uint Offset, uint Stored, LeafHash Hash)
{
    /// <summary>Pack of a leaf that became zeros.</summary>
    public const int Zeros = -1;

    public bool IsZeros => Pack == Zeros;

    public static IndexRecord ZerosAt(uint leaf) => new(leaf, Zeros, 0, 0, default);
}
