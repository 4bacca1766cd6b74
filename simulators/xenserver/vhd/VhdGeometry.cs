namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Cylinders, heads and sectors that a VHD footer states for a size (the algorithm of the VHD specification's appendix).</summary>
internal readonly record struct VhdGeometry(ushort Cylinders, byte Heads, byte SectorsPerTrack)
{
    public static VhdGeometry For(long bytes)
    {
        var sectors = Math.Min(bytes / 512, 65535L * 16 * 255);
        long perTrack, heads, cylindersTimesHeads;
        if (sectors >= 65535L * 16 * 63)
        {
            perTrack = 255;
            heads = 16;
            cylindersTimesHeads = sectors / perTrack;
        }
        else
        {
            perTrack = 17;
            cylindersTimesHeads = sectors / perTrack;
            heads = Math.Max((cylindersTimesHeads + 1023) / 1024, 4);
            if (cylindersTimesHeads >= heads * 1024 || heads > 16)
            {
                perTrack = 31;
                heads = 16;
                cylindersTimesHeads = sectors / perTrack;
            }

            if (cylindersTimesHeads >= heads * 1024)
            {
                perTrack = 63;
                heads = 16;
                cylindersTimesHeads = sectors / perTrack;
            }
        }

        return new VhdGeometry((ushort)(cylindersTimesHeads / heads), (byte)heads, (byte)perTrack);
    }
}
