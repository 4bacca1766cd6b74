using Microsoft.Win32.SafeHandles;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A file that grows as it is written: where an nfs or file SR keeps one VDI. What was never written reads as zeros.</summary>
internal sealed class FileDevice : IBlockDevice, IDisposable
{
    private readonly SafeFileHandle _handle;

    private FileDevice(SafeFileHandle handle) => _handle = handle;

    public long Length => RandomAccess.GetLength(_handle);

    public static FileDevice CreateNew(string path) =>
        new(File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));

    public static FileDevice OpenExisting(string path, bool writable) =>
        new(File.OpenHandle(path, FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var n = RandomAccess.Read(_handle, buffer, offset);
            if (n == 0)
            {
                buffer.Clear();
                return;
            }

            buffer = buffer[n..];
            offset += n;
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> buffer) => RandomAccess.Write(_handle, buffer, offset);

    public IEnumerable<(long Offset, long Length)> AllocatedExtents() => Length == 0 ? [] : [(0, Length)];

    public void Dispose() => _handle.Dispose();
}
