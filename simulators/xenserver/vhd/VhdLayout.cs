namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// Where libvhd puts things: footer copy at 0, header at 512, BAT at 1,536, batmap header and batmap behind it, then blocks whose
/// data begins at a multiple of 4 KiB (first BAT entry at sector 7 for a small disk, then every 4,104 sectors).
/// </summary>
internal sealed class VhdLayout(long virtualSize)
{
    public const int Sector = 512;
    public const int BitmapSize = 512;
    public const long TableOffset = VhdFooter.Size + VhdHeader.Size;
    private const long DataAlignment = 4096;

    public int Entries { get; } = checked((int)((virtualSize + VhdHeader.BlockSize - 1) / VhdHeader.BlockSize));

    public long TableSize => Pad(Entries * 4L);

    public long BatmapHeaderOffset => TableOffset + TableSize;

    public long BatmapOffset => BatmapHeaderOffset + Sector;

    public long BatmapSize => Pad((Entries + 7) / 8);

    public long MetadataEnd => BatmapOffset + BatmapSize;

    /// <summary>Offset of the block (its bitmap) that may follow at or after <paramref name="end"/>.</summary>
    public static long NextBlock(long end)
    {
        var data = end + BitmapSize;
        return ((data + DataAlignment - 1) / DataAlignment * DataAlignment) - BitmapSize;
    }

    public static long BlockEnd(long block) => block + BitmapSize + VhdHeader.BlockSize;

    /// <summary>Bytes of a VHD of this size with every block present, footer included: what a thick logical volume must hold.</summary>
    public static long FullSize(long virtualSize)
    {
        var layout = new VhdLayout(virtualSize);
        return layout.SizeWith(layout.Entries);
    }

    public long SizeWith(int blocks)
    {
        var end = MetadataEnd;
        if (blocks > 0)
        {
            var first = NextBlock(end);
            var stride = NextBlock(BlockEnd(first)) - first;
            end = BlockEnd(first) + (stride * (blocks - 1L));
        }

        return end + VhdFooter.Size;
    }

    private static long Pad(long bytes) => (bytes + Sector - 1) / Sector * Sector;
}
