using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// The table of one device in a file of its own, so that it outlives the process: a page of header, then the leaves at their places
/// (sparse: a leaf never written takes no space). A block is written before the table names it.
/// </summary>
internal sealed class DeviceMap : IDisposable
{
    private const int HeaderBytes = 4096;
    private const ulong Magic = 0x31_50_41_4d_46_57_53_00;

    private readonly string path;
    private SafeFileHandle file;

    private DeviceMap(string path, SafeFileHandle file) => (this.path, this.file) = (path, file);

    /// <summary>Makes the file of a new device.</summary>
    public static DeviceMap Create(string path, long length, bool readOnly, int[]?[] leaves)
    {
        var map = new DeviceMap(path, Open(path, FileMode.CreateNew));
        map.WriteHeader(length, readOnly);
        map.WriteLeaves(leaves);
        return map;
    }

    /// <summary>Reads the file of a device that an earlier process made.</summary>
    public static DeviceMap Load(string path, int leafBlocks, Func<long, int> leavesFor, out long length, out bool readOnly, out int[]?[] leaves)
    {
        var opened = Open(path, FileMode.Open);
        Span<byte> header = stackalloc byte[24];
        if (RandomAccess.Read(opened, header, 0) != header.Length || BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic)
        {
            opened.Dispose();
            throw new IOException($"{path} is no table of a simulated volume.");
        }

        length = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
        readOnly = header[16] != 0;
        leaves = new int[leavesFor(length)][];
        var end = RandomAccess.GetLength(opened);
        var leafBytes = leafBlocks * sizeof(int);
        for (var i = 0; i < leaves.Length && HeaderBytes + ((long)i * leafBytes) < end; i++)
        {
            var leaf = new int[leafBlocks];
            RandomAccess.Read(opened, MemoryMarshal.AsBytes(leaf.AsSpan()), HeaderBytes + ((long)i * leafBytes));
            leaves[i] = leaf.AsSpan().ContainsAnyExcept(0) ? leaf : null;
        }

        return new DeviceMap(path, opened);
    }

    public void WriteSlot(long index, int block)
    {
        Span<byte> slot = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(slot, block);
        RandomAccess.Write(file, slot, HeaderBytes + (index * sizeof(int)));
    }

    public void WriteHeader(long length, bool readOnly)
    {
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], length);
        header[16] = readOnly ? (byte)1 : (byte)0;
        RandomAccess.Write(file, header, 0);
    }

    /// <summary>Replaces the whole table at once: a kill leaves the old one or the new one.</summary>
    public void Replace(long length, bool readOnly, int[]?[] leaves)
    {
        var partial = path + ".partial";
        File.Delete(partial);
        using (var replacement = Create(partial, length, readOnly, leaves))
        {
            File.Move(partial, path, overwrite: true);
            (file, replacement.file) = (replacement.file, file);
        }
    }

    /// <summary>Takes the file away with the device.</summary>
    public void Delete()
    {
        file.Dispose();
        File.Delete(path);
    }

    public void Dispose() => file.Dispose();

    private void WriteLeaves(int[]?[] leaves)
    {
        for (var i = 0; i < leaves.Length; i++)
        {
            if (leaves[i] is { } leaf)
            {
                RandomAccess.Write(file, MemoryMarshal.AsBytes(leaf.AsSpan()), HeaderBytes + ((long)i * leaf.Length * sizeof(int)));
            }
        }
    }

    private static SafeFileHandle Open(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
}
