using System.Security.Cryptography;
using SnapshotWorkflows.Secondary.DiskRoots;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

public sealed class LeafHashesTests
{
    private const int Leaf = DiskRoot.LeafBytes;

    /// <summary>All numbers of leaves, in one piece and scattered: the lanes, what is left over for one at a time, and lanes that are not filled.</summary>
    [Fact]
    public void Many_leaves_together_have_the_hashes_that_each_has_alone()
    {
        var random = new Random(20261127);
        var leaves = new byte[LeafHashes.Most * Leaf];
        random.NextBytes(leaves);
        var alone = Enumerable.Range(0, LeafHashes.Most).Select(i => SHA256.HashData(leaves.AsSpan(i * Leaf, Leaf))).ToArray();
        var masks = Enumerable.Range(0, 33).Select(i => (uint)((1UL << i) - 1)).Concat(Enumerable.Range(0, 16).Select(_ => (uint)random.NextInt64(1L << 32))).Append(0xFFFF_0000).Append(0x5555_5555u);
        foreach (var wanted in masks)
        {
            var hashes = new byte[LeafHashes.Most * 32];
            Array.Fill(hashes, (byte)7);
            LeafHashes.Of(leaves, wanted, hashes);
            for (var i = 0; i < LeafHashes.Most; i++)
                Assert.Equal((wanted >> i & 1) != 0 ? alone[i] : Enumerable.Repeat((byte)7, 32), hashes.AsSpan(i * 32, 32).ToArray());
        }
    }

    [Fact]
    public void A_leaf_beyond_the_bytes_given_is_refused() =>
        Assert.ThrowsAny<ArgumentException>(() => LeafHashes.Of(new byte[8 * Leaf], 0x1FF, new byte[LeafHashes.Most * 32]));

    /// <summary>Lengths of every number of blocks up to a few, and carries between words: the lanes hold up against another implementation.</summary>
    [Fact]
    public unsafe void Lanes_are_SHA_256()
    {
        if (!Sha256Lanes.IsSupported)
            return;
        var random = new Random(7);
        var bytes = new byte[Sha256Lanes.Lanes * 64 * 9];
        var lanes = stackalloc byte*[Sha256Lanes.Lanes];
        for (var blocks = 0; blocks < 9; blocks++)
        {
            random.NextBytes(bytes);
            if (blocks == 5)
                Array.Fill(bytes, (byte)0xFF);
            var hashes = new byte[Sha256Lanes.Lanes * 32];
            fixed (byte* start = bytes)
            {
                for (var i = 0; i < Sha256Lanes.Lanes; i++)
                    lanes[i] = start + i * blocks * 64;
                Sha256Lanes.Hash(lanes, blocks * 64, hashes);
            }
            for (var i = 0; i < Sha256Lanes.Lanes; i++)
                Assert.Equal(SHA256.HashData(bytes.AsSpan(i * blocks * 64, blocks * 64)), hashes.AsSpan(i * 32, 32).ToArray());
        }
    }
}
