namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>Hashes of one group's leaves.</summary>
internal static class GroupHash
{
    /// <param name="buffer">Of 2 MiB; what follows the data up to the end of its last leaf is cleared: a disk's last leaf counts as full of zeros to its end.</param>
    /// <param name="length">Bytes of data.</param>
    /// <param name="hashes">Room for 32 hashes.</param>
    /// <returns>The hashes of the leaves there are.</returns>
    public static ReadOnlySpan<byte> Leaves(Span<byte> buffer, int length, Span<byte> hashes)
    {
        var leaves = (length + DiskRoot.LeafBytes - 1) / DiskRoot.LeafBytes;
        buffer.Slice(length, leaves * DiskRoot.LeafBytes - length).Clear();
        uint data = 0;
        for (var i = 0; i < leaves; i++)
        {
            if (buffer.Slice(i * DiskRoot.LeafBytes, DiskRoot.LeafBytes).ContainsAnyExcept((byte)0))
                data |= 1u << i;
            else
                DiskRoot.ZeroLeaf.CopyTo(hashes[(i * DiskRoot.HashBytes)..]);
        }
        LeafHashes.Of(buffer, data, hashes);
        return hashes[..(leaves * DiskRoot.HashBytes)];
    }
}
