using System.Runtime.InteropServices;
using System.Text;

namespace SnapshotWorkflows.Lab.Image;

/// <summary>Streams of known bytes, in parts of 1 MiB, the same for the same seed everywhere.</summary>
internal static class SampleContent
{
    private const int Part = 1 << 20;

    private static readonly byte[][] Words =
        [.. "array clone commit copy disk export guest host lun manifest pool replay secondary snapshot storage volume"
            .Split(' ').Select(word => Encoding.ASCII.GetBytes(word + " "))];

    public static IEnumerable<ReadOnlyMemory<byte>> Random(ulong seed, long bytes)
    {
        var numbers = new SplitMix(seed);
        var buffer = new byte[Part];
        for (var left = bytes; left > 0; left -= Part)
        {
            numbers.Fill(MemoryMarshal.Cast<byte, ulong>(buffer.AsSpan()));
            yield return buffer.AsMemory(0, (int)Math.Min(left, Part));
        }
    }

    /// <summary>Lines of words: compressible, never twice the same line.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Text(ulong seed, long bytes)
    {
        var numbers = new SplitMix(seed);
        var buffer = new byte[Part];
        long line = 0;
        for (var left = bytes; left > 0; left -= Part)
        {
            line = FillLines(ref numbers, buffer, line);
            yield return buffer.AsMemory(0, (int)Math.Min(left, Part));
        }
    }

    private static long FillLines(ref SplitMix numbers, Span<byte> buffer, long line)
    {
        while (buffer.Length > 256)
        {
            (++line).TryFormat(buffer, out var used, "0000000000 ");
            var choice = numbers.Next();
            for (var word = 0; word < 16; word++, choice >>= 4)
            {
                var text = Words[choice & 15];
                text.CopyTo(buffer[used..]);
                used += text.Length;
            }

            buffer[used - 1] = (byte)'\n';
            buffer = buffer[used..];
        }

        buffer.Fill((byte)'.');
        return line;
    }

    /// <summary>Steele, Lea and Flood's SplitMix64: short, fast, and the same on every runtime, unlike System.Random.</summary>
    internal struct SplitMix(ulong seed)
    {
        private ulong _state = seed;

        public ulong Next()
        {
            var z = _state += 0x9E37_79B9_7F4A_7C15;
            z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
            z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
            return z ^ (z >> 31);
        }

        public void Fill(Span<ulong> target)
        {
            for (var i = 0; i < target.Length; i++) target[i] = Next();
        }
    }
}
