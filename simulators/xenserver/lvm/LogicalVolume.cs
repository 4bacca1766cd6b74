using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A run of extents of a LUN, as the device that device-mapper makes of it.</summary>
internal sealed class LogicalVolume(IBlockDevice lun, LvEntry entry) : IBlockDevice
{
    private readonly long _start = LunLayout.FirstExtentOffset + (entry.FirstExtent * LunLayout.ExtentSize);

    public long Length { get; } = entry.Bytes;

    public void Read(long offset, Span<byte> buffer)
    {
        Check(offset, buffer.Length);
        lun.Read(_start + offset, buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> buffer)
    {
        Check(offset, buffer.Length);
        lun.Write(_start + offset, buffer);
    }

    public IEnumerable<(long Offset, long Length)> AllocatedExtents()
    {
        foreach (var (offset, length) in lun.AllocatedExtents())
        {
            var from = Math.Max(offset, _start);
            var to = Math.Min(offset + length, _start + Length);
            if (from < to)
                yield return (from - _start, to - from);
        }
    }

    private void Check(long offset, int length)
    {
        if (offset < 0 || offset + length > Length)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{length} bytes at {offset} reach beyond the volume's {Length}.");
    }
}
