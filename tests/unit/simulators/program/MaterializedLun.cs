using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Program;

/// <summary>A LUN as the control address wrote it into a file, for the independent reader.</summary>
internal sealed class MaterializedLun(string path) : IBlockDevice
{
    private readonly FileStream _file = File.OpenRead(path);

    public long Length => _file.Length;

    public void Read(long offset, Span<byte> buffer)
    {
        _file.Position = offset;
        _file.ReadExactly(buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> buffer) => throw new NotSupportedException("The file is read only.");

    public IEnumerable<(long Offset, long Length)> AllocatedExtents() => [(0, Length)];

    /// <summary>The logical content of the only disk on it.</summary>
    public static byte[] DiskIn(string path)
    {
        var lun = new MaterializedLun(path);
        using (lun._file) return XenServer.LayoutReader.OnlyDisk(lun);
    }
}
