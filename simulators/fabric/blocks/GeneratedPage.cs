using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// Pages of 4 KiB that follow from a seed of 64 bits and look like noise: what a test fills thousands of disks with, no two pages alike.
/// A page begins with its seed, so that it can be recognised wherever it lies.
/// </summary>
public static class GeneratedPage
{
    public const int Size = 4096;

    private const ulong Step = 0x9E37_79B9_7F4A_7C15;
    private const ulong Factor = 0xBF58_476D_1CE4_E5B9;

    /// <param name="seed">Not 0, which stands for a page of zeros.</param>
    public static void Fill(ulong seed, Span<byte> page)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(page.Length, Size);
        if (seed == 0)
        {
            page.Clear();
            return;
        }

        var words = MemoryMarshal.Cast<byte, ulong>(page);
        words[0] = seed;
        for (var i = 1; i < words.Length; i++)
        {
            words[i] = Word(seed, i);
        }
    }

    /// <summary>The seed of a page that <see cref="Fill"/> would make just like this; null when there is none.</summary>
    public static ulong? FindSeed(ReadOnlySpan<byte> page)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(page.Length, Size);
        var seed = BinaryPrimitives.ReadUInt64LittleEndian(page);
        if (seed == 0)
        {
            return page.ContainsAnyExcept((byte)0) ? null : 0;
        }

        var words = MemoryMarshal.Cast<byte, ulong>(page);
        for (var i = 1; i < words.Length; i++)
        {
            if (words[i] != Word(seed, i))
            {
                return null;
            }
        }

        return seed;
    }

    private static ulong Word(ulong seed, int place)
    {
        var word = seed + ((ulong)place * Step);
        word = (word ^ (word >> 30)) * Factor;
        return word ^ (word >> 29);
    }
}
