using System.Buffers.Binary;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;

namespace SnapshotWorkflows.Tests.Properties;

/// <summary>A small random disk: mostly zeros, some runs of data that begin and end anywhere.</summary>
public sealed record RandomDisk(byte[] Bytes)
{
    public override string ToString() => $"disk of {Bytes.Length} bytes, {Bytes.Count(b => b != 0)} not zero, sha256 {Convert.ToHexStringLower(SHA256.HashData(Bytes))}";

    /// <summary>The definition of docs/formats/disk-root.md, written down as plainly as it can be.</summary>
    public string NaiveRoot()
    {
        var level = new List<byte[]>();
        for (var at = 0; at < Bytes.Length; at += 65_536)
        {
            var leaf = new byte[65_536];
            Bytes.AsSpan(at, Math.Min(65_536, Bytes.Length - at)).CopyTo(leaf);
            level.Add(SHA256.HashData(leaf));
        }
        while (level.Count > 1)
            level = [.. level.Chunk(2).Select(pair => pair.Length == 1 ? pair[0] : SHA256.HashData([1, .. pair[0], .. pair[1]]))];
        var length = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(length, Bytes.Length);
        return Convert.ToHexStringLower(SHA256.HashData([2, .. length, .. level[0]]));
    }
}

public static class SparseDisks
{
    private static readonly Gen<(int Start, int Length, int Seed)> s_run =
        from start in Gen.Choose(0, 1000)
        from kind in Gen.Choose(0, 3)
        from length in kind switch { 0 => Gen.Choose(1, 600), 1 => Gen.Choose(1, 70_000), 2 => Gen.Constant(65_536), _ => Gen.Choose(1, 2_500_000) }
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select (start, length, seed);

    public static Arbitrary<RandomDisk> Disks() => (
        from sectors in Gen.OneOf(Gen.Choose(1, 400), Gen.Choose(1, 24_000), Gen.Choose(1, 6).Select(blocks => blocks * 4096))
        from runs in Gen.Choose(0, 5).SelectMany(count => s_run.ArrayOf(count))
        select Make(sectors * 512, runs)).ToArbitrary();

    private static RandomDisk Make(int length, (int Start, int Length, int Seed)[] runs)
    {
        var bytes = new byte[length];
        foreach (var run in runs)
        {
            var at = (int)((long)length * run.Start / 1001);
            new Random(run.Seed).NextBytes(bytes.AsSpan(at, Math.Min(run.Length, length - at)));
        }
        return new RandomDisk(bytes);
    }
}
