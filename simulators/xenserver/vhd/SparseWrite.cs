using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Writes to a disk that is known to read as zeros: runs of 64 KiB granules that are all zero are left out.</summary>
internal static class SparseWrite
{
    private const int Granule = 64 * 1024;

    public static void Write(IBlockDevice disk, long offset, ReadOnlySpan<byte> data)
    {
        var start = -1;
        for (var at = 0; at < data.Length; at += Granule)
        {
            var isZero = !data.Slice(at, Math.Min(Granule, data.Length - at)).ContainsAnyExcept((byte)0);
            if (isZero && start >= 0)
            {
                disk.Write(offset + start, data[start..at]);
                start = -1;
            }
            else if (!isZero && start < 0)
            {
                start = at;
            }
        }

        if (start >= 0)
            disk.Write(offset + start, data[start..]);
    }
}
