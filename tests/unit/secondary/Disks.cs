using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Secondary.Vhd;
using SnapshotWorkflows.Tests.Secondary;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

/// <summary>Disks and VHDs of known content.</summary>
internal static class Disks
{
    public const int MiB = 1 << 20;
    public static readonly CancellationToken None = CancellationToken.None;
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly Guid Id = new("6f1d2c3b-4a59-4e68-9777-865544332211");

    /// <summary>The pattern of the test vectors in docs/formats/disk-root.md.</summary>
    public static byte[] Pattern(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
            bytes[i] = (byte)(i * 7 + (i >> 16) * 13 + 1);
        return bytes;
    }

    /// <summary>Random data in some places, zeros elsewhere; the size is no whole number of blocks or leaves.</summary>
    public static byte[] Sparse(int length, params (int Offset, int Length)[] data)
    {
        var bytes = new byte[length];
        var random = new Random(length);
        foreach (var (offset, count) in data)
            random.NextBytes(bytes.AsSpan(offset, count));
        return bytes;
    }

    /// <summary>9 MiB and 3 sectors; blocks 0, 2 and the short last one hold data.</summary>
    public static byte[] Sample() => Sparse(9 * MiB + 1536, (512, 1024), (4 * MiB + 70_000, 1_000_000), (9 * MiB + 512, 1024));

    public static VhdWriteOptions Options(long diskBytes) => new() { DiskBytes = diskBytes, UniqueId = Id, Timestamp = Noon };

    public static async Task<byte[]> VhdOf(byte[] disk)
    {
        var target = new MemoryStream();
        await VhdWriter.WriteAsync(new RawDisk(new MemorySource(disk)), target, Options(disk.Length), None);
        return target.ToArray();
    }

    public static byte[] FixedVhdOf(byte[] disk) =>
        [.. disk, .. new VhdFooter
        {
            Type = VhdType.Fixed, DataOffset = ulong.MaxValue, CurrentBytes = disk.Length, OriginalBytes = disk.Length,
            Geometry = VhdGeometry.ForSize(disk.Length), UniqueId = Id,
        }.Write()];

    public static async Task<byte[]> ReadAll(ISparseDisk disk)
    {
        var bytes = new MemoryStream();
        await new SparseDiskStream(disk).CopyToAsync(bytes);
        return bytes.ToArray();
    }

    public static FolderStore Store(TempFolder folder) =>
        new(new FolderStoreOptions { Name = "local", Path = folder.Path, RequireMount = false, MinimumFreeBytes = 0 });
}
