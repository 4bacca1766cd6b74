namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>Cylinders, heads and sectors per track: a rounded-down echo of the size. The footer's current size is what counts.</summary>
public readonly record struct VhdGeometry(ushort Cylinders, byte Heads, byte SectorsPerTrack)
{
    public long Sectors => (long)Cylinders * Heads * SectorsPerTrack;

    /// <summary>The algorithm of the format's specification, as in blktap's vhd_chs.</summary>
    public static VhdGeometry ForSize(long diskBytes)
    {
        var sectors = Math.Min(diskBytes / VhdFormat.SectorBytes, 65535L * 16 * 255);
        long perTrack, heads, tracks;
        if (sectors >= 65535L * 16 * 63)
        {
            perTrack = 255;
            heads = 16;
            tracks = sectors / perTrack;
        }
        else
        {
            perTrack = 17;
            tracks = sectors / perTrack;
            heads = Math.Max(4, (tracks + 1023) / 1024);
            if (tracks >= heads * 1024 || heads > 16)
            {
                perTrack = 31;
                heads = 16;
                tracks = sectors / perTrack;
            }
            if (tracks >= heads * 1024)
            {
                perTrack = 63;
                heads = 16;
                tracks = sectors / perTrack;
            }
        }
        return new VhdGeometry((ushort)(tracks / heads), (byte)heads, (byte)perTrack);
    }
}
