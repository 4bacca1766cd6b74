using System.Security.Cryptography;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks.Codec;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>What nothing that does the job can go below: the bare parts of it, one thread, on the same image in the same run.</summary>
internal static class Floors
{
    private const int Leaf = 64 * 1024;

    /// <summary>Copies the allocated bytes to the store in objects of 8 MiB.</summary>
    public static async Task<long> CopyAsync(FileDisk image, ISecondaryStore store)
    {
        using var buffer = new AlignedBuffer(8 << 20);
        long sent = 0;
        var filled = 0;
        for (long offset = 0; offset < image.Length; offset += 1 << 20)
        {
            if (!image.MayHoldData(offset, 1 << 20))
                continue;
            filled += await image.ReadAsync(offset, buffer.Memory.Slice(filled, 1 << 20), default);
            if (filled < buffer.Length)
                continue;
            await store.PutAsync($"floor/{offset:D15}", new MemoryStream(buffer.Array, buffer.Offset, filled, writable: false, publiclyVisible: true), default);
            sent += filled;
            filled = 0;
        }
        return sent;
    }

    /// <summary>SHA-256 of the allocated leaves of 64 KiB; with <paramref name="compress"/> also zstd-1 of the distinct ones.</summary>
    /// <returns>Bytes after compression.</returns>
    public static async Task<long> HashAsync(FileDisk image, bool compress)
    {
        using var codec = new LeafCodec();
        var seen = new HashSet<UInt128>();
        var buffer = new byte[1 << 20];
        var target = new byte[Leaf];
        long stored = 0;
        for (long offset = 0; offset < image.Length; offset += buffer.Length)
        {
            if (!image.MayHoldData(offset, buffer.Length))
                continue;
            await image.ReadAsync(offset, buffer, default);
            for (var at = 0; at < buffer.Length; at += Leaf)
                stored += One(buffer.AsSpan(at, Leaf));
        }
        return stored;

        int One(ReadOnlySpan<byte> leaf)
        {
            Span<byte> hash = stackalloc byte[32];
            SHA256.HashData(leaf, hash);
            return compress && seen.Add(BitConverter.ToUInt128(hash)) ? codec.Compress(leaf, target, out _) : 0;
        }
    }
}
