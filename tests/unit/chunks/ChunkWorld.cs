using System.Security.Cryptography;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Chunks.Keys;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Tests.Secondary;
using SnapshotWorkflows.Tests.Unit.Secondary;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>A small repository, and disks for it.</summary>
internal static class ChunkWorld
{
    public const int Leaf = 64 * 1024;
    public static readonly CancellationToken None = CancellationToken.None;
    public static readonly ChunkOptions Several = new() { Workers = 3, PackBytes = 1 << 20 };
    public static readonly ChunkOptions Inline = new() { Workers = 1, PackBytes = 256 * 1024 };

    public static ChunkKeyRing Keys(string current = "k1") => new(current, new Dictionary<string, byte[]>
    {
        ["k1"] = SHA256.HashData("one"u8),
        ["k2"] = SHA256.HashData("two"u8),
    });

    public static Task<ChunkRepository> OpenAsync(ISecondaryStore store, ChunkOptions? options = null, ChunkKeyRing? keys = null) =>
        ChunkRepository.OpenOrCreateAsync(store, options ?? Several, keys, TimeProvider.System, None);

    public static ChunkSnapshotRequest Request(string snapshot, string volume = "disk-a") => new() { Snapshot = snapshot, Volume = volume };

    public static Task<ChunkSnapshot> BackUpAsync(this ChunkRepository repository, string snapshot, byte[] disk, string volume = "disk-a") =>
        repository.WriteAsync(Request(snapshot, volume), new MemorySource(disk), null, None);

    public static async Task<byte[]> ReadAsync(this ChunkRepository repository, string snapshot)
    {
        await using var disk = await repository.OpenDiskAsync(snapshot, None);
        return await Disks.ReadAll(disk);
    }

    public static async Task<string> RootAsync(byte[] disk) =>
        (await DiskHasher.ComputeAsync(new MemoryStream(disk), disk.Length, DiskHashOptions.Default, null, None)).Root.Hex;

    /// <summary>Text-like, random, repeated and absent leaves, in that many of 64 KiB and a piece.</summary>
    public static byte[] Disk(int leaves, int seed, int rest = 0)
    {
        var random = new Random(seed);
        var disk = new byte[leaves * Leaf + rest];
        var repeated = new byte[Leaf];
        random.NextBytes(repeated);
        for (var i = 0; i < leaves; i++)
            Fill(disk.AsSpan(i * Leaf, Leaf), random, i % 5, repeated);
        random.NextBytes(disk.AsSpan(leaves * Leaf));
        return disk;
    }

    /// <summary>The same disk with some leaves changed: to others, and to zeros.</summary>
    public static byte[] Changed(byte[] disk, int seed, int changes = 3)
    {
        var random = new Random(seed);
        byte[] changed = [.. disk];
        for (var i = 0; i < changes; i++)
        {
            var leaf = random.Next(disk.Length / Leaf);
            if (i % 3 == 2)
                changed.AsSpan(leaf * Leaf, Leaf).Clear();
            else
                random.NextBytes(changed.AsSpan(leaf * Leaf + random.Next(Leaf / 2), 100 + random.Next(Leaf / 3)));
        }
        return changed;
    }

    private static void Fill(Span<byte> leaf, Random random, int kind, byte[] repeated)
    {
        switch (kind)
        {
            case 0:
                break;
            case 1:
                repeated.CopyTo(leaf);
                break;
            case 2:
                random.NextBytes(leaf);
                break;
            default:
                for (var i = 0; i < leaf.Length; i++)
                    leaf[i] = (byte)('a' + random.Next(4));
                break;
        }
    }
}
