using System.Numerics;
using System.Security.Cryptography;

namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>SHA-256 of many leaves of 64 KiB at once.</summary>
internal static class LeafHashes
{
    /// <summary>Most leaves in one call.</summary>
    public const int Most = 32;

    // Sixteen lanes take as long as seven leaves one after the other, however many of the lanes are needed.
    private const int WorthLanes = 8;

    /// <param name="leaves">Leaves one behind the other; only those wanted need be there.</param>
    /// <param name="wanted">A bit for each leaf to hash, the lowest for the first.</param>
    /// <param name="hashes">32 bytes for each leaf; those not wanted are left as they are.</param>
    public static void Of(ReadOnlySpan<byte> leaves, uint wanted, Span<byte> hashes)
    {
        while (Sha256Lanes.IsSupported && BitOperations.PopCount(wanted) >= WorthLanes)
            wanted = Together(leaves, wanted, hashes);
        for (; wanted != 0; wanted &= wanted - 1)
        {
            var leaf = BitOperations.TrailingZeroCount(wanted);
            SHA256.HashData(leaves.Slice(leaf * DiskRoot.LeafBytes, DiskRoot.LeafBytes), hashes.Slice(leaf * DiskRoot.HashBytes, DiskRoot.HashBytes));
        }
    }

    /// <returns>What is left to be hashed.</returns>
    private static unsafe uint Together(ReadOnlySpan<byte> leaves, uint wanted, Span<byte> hashes)
    {
        Span<byte> results = stackalloc byte[Sha256Lanes.Lanes * DiskRoot.HashBytes];
        var messages = stackalloc byte*[Sha256Lanes.Lanes];
        Span<int> places = stackalloc int[Sha256Lanes.Lanes];
        fixed (byte* start = leaves)
        {
            var count = 0;
            for (; wanted != 0 && count < Sha256Lanes.Lanes; wanted &= wanted - 1, count++)
            {
                places[count] = BitOperations.TrailingZeroCount(wanted);
                ArgumentOutOfRangeException.ThrowIfGreaterThan((places[count] + 1) * DiskRoot.LeafBytes, leaves.Length);
                messages[count] = start + places[count] * DiskRoot.LeafBytes;
            }
            // Lanes without a leaf of their own do the first one's work again.
            for (var lane = count; lane < Sha256Lanes.Lanes; lane++)
                messages[lane] = messages[0];
            Sha256Lanes.Hash(messages, DiskRoot.LeafBytes, results);
            for (var lane = 0; lane < count; lane++)
                results.Slice(lane * DiskRoot.HashBytes, DiskRoot.HashBytes).CopyTo(hashes[(places[lane] * DiskRoot.HashBytes)..]);
        }
        return wanted;
    }
}
