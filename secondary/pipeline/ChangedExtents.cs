namespace SnapshotWorkflows.Secondary.Pipeline;

/// <summary>
/// What may have changed on a disk since an earlier snapshot of it, as the source tells (XenServer's changed block tracking, VDI.list_changed_blocks). What is not in it is not read.
/// </summary>
/// <param name="Since">Id of the snapshot that the map is relative to. A map relative to another one is not used.</param>
/// <param name="Bits">A bit a block, most significant bit of the first byte first, as the XenAPI gives it.</param>
/// <param name="BlockBytes">Bytes of the disk a bit stands for: 65,536 for XenServer.</param>
public sealed record ChangedExtents(string Since, ReadOnlyMemory<byte> Bits, int BlockBytes = 65_536)
{
    /// <summary>Beyond the map everything may have changed.</summary>
    public bool MayHaveChanged(long offset, long length)
    {
        for (var block = offset / BlockBytes; block * BlockBytes < offset + length; block++)
        {
            if (block / 8 >= Bits.Length || (Bits.Span[(int)(block / 8)] & (0x80 >> (int)(block % 8))) != 0)
                return true;
        }
        return false;
    }
}
