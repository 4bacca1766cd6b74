using System.Text;
using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>
/// The disk of the benchmark: of each 2,048 MiB 708 are holes, 532 text-like and unique, 514 random, 294 repeat 16 different ones, in runs of 1 MiB in random order; the same for the same seed.
/// Then 1 % changed: 90 % of the writes are 64 KiB and aligned, 10 % are 4 KiB anywhere.
/// </summary>
internal static class BackupImage
{
    private const int Unit = 1 << 20;

    public static long Allocated(long size) => size / Unit * (532 + 514 + 294) / 2048 * Unit;

    public static void Make(string path, long size)
    {
        var units = (int)(size / Unit);
        var kinds = new byte[units];
        for (var i = 0; i < units; i++)
            kinds[i] = (byte)(((long)i * 2048 / units) switch { < 708 => 0, < 708 + 532 => 1, < 708 + 532 + 514 => 2, _ => 3 });
        var random = new Random(20_261_126);
        random.Shuffle(kinds);
        var repeated = Enumerable.Range(0, 16).Select(i => Fill(new byte[Unit], i % 2 == 0 ? new Words(1000 + i) : null, new Random(2000 + i))).ToArray();
        var words = new Words(7);
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.SetLength(file, size);
        var unit = new byte[Unit];
        for (var i = 0; i < units; i++)
        {
            if (kinds[i] != 0)
                RandomAccess.Write(file, kinds[i] == 3 ? repeated[random.Next(16)] : Fill(unit, kinds[i] == 1 ? words : null, random), (long)i * Unit);
        }
        RandomAccess.FlushToDisk(file);
    }

    public static void Change(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        var size = RandomAccess.GetLength(file);
        var random = new Random(99);
        var bytes = new byte[64 * 1024];
        for (long left = size / 100; left > 0;)
        {
            var length = random.Next(10) == 0 ? 4096 : bytes.Length;
            random.NextBytes(bytes.AsSpan(0, length));
            RandomAccess.Write(file, bytes.AsSpan(0, length), random.NextInt64(size / length) * length);
            left -= length;
        }
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Reads it once, so that all who read it next find it in memory.</summary>
    public static void Warm(string path)
    {
        using var file = File.OpenHandle(path);
        var bytes = new byte[8 << 20];
        for (long offset = 0; RandomAccess.Read(file, bytes, offset) is var read and > 0; offset += read)
        {
        }
    }

    private static byte[] Fill(byte[] unit, Words? words, Random random)
    {
        if (words is null)
            random.NextBytes(unit);
        else
            words.Fill(unit);
        return unit;
    }

    /// <summary>Words of a vocabulary of 12,000, the frequent ones far more often, with numbers between: zstd-1 makes a little less than half of it.</summary>
    private sealed class Words(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly byte[][] _words = [.. Enumerable.Range(0, 12_000).Select(i => Word(new Random(i)))];

        public void Fill(Span<byte> target)
        {
            while (target.Length > 0)
            {
                var pick = _random.NextDouble();
                var word = _random.Next(10) == 0 ? Encoding.ASCII.GetBytes($"{_random.Next():x} ") : _words[(int)(pick * pick * pick * _words.Length)];
                var count = Math.Min(word.Length, target.Length);
                word.AsSpan(0, count).CopyTo(target);
                target = target[count..];
            }
        }

        private static byte[] Word(Random random) =>
            [.. Enumerable.Range(0, random.Next(2, 11)).Select(_ => (byte)('a' + (random.Next(26) + random.Next(26)) / 2)), (byte)' '];
    }
}
