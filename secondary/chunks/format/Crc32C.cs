using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the processor's instruction where there is one.</summary>
/// <remarks>
/// That instruction gives its result after three cycles and can begin anew in each, so three stretches of the bytes are taken side by side. A CRC is linear: that of a stretch, carried over as many zero bytes as
/// follow it, and that of what follows by itself, together are that of both.
/// </remarks>
internal static class Crc32C
{
    /// <summary>Bytes of one of three stretches.</summary>
    public const int StretchBytes = 1344;

    private static readonly uint[] s_carried = Carried();

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; BitConverter.IsLittleEndian && bytes.Length >= 3 * StretchBytes; bytes = bytes[(3 * StretchBytes)..])
            crc = Three(crc, ref MemoryMarshal.GetReference(bytes));
        for (; bytes.Length >= 8; bytes = bytes[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var one in bytes)
            crc = BitOperations.Crc32C(crc, one);
        return ~crc;
    }

    private static uint Three(uint crc, ref byte at)
    {
        uint second = 0, third = 0;
        for (nuint i = 0; i < StretchBytes; i += 8)
        {
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, i)));
            second = BitOperations.Crc32C(second, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, i + StretchBytes)));
            third = BitOperations.Crc32C(third, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, i + 2 * StretchBytes)));
        }
        return Carry(Carry(crc) ^ second) ^ third;
    }

    /// <summary>What becomes of a CRC over a stretch of zeros.</summary>
    private static uint Carry(uint crc) => s_carried[crc & 0xFF] ^ s_carried[256 + (crc >> 8 & 0xFF)] ^ s_carried[512 + (crc >> 16 & 0xFF)] ^ s_carried[768 + (crc >> 24)];

    // Of each byte of a CRC in its place; a place's other values are sums of its eight bits'.
    private static uint[] Carried()
    {
        var carried = new uint[4 * 256];
        for (var bit = 0; bit < 32; bit++)
        {
            var crc = 1u << bit;
            for (var i = 0; i < StretchBytes; i += 8)
                crc = BitOperations.Crc32C(crc, 0ul);
            var (place, low) = (bit / 8 * 256, 1 << bit % 8);
            for (var value = 0; value < low; value++)
                carried[place + low + value] = carried[place + value] ^ crc;
        }
        return carried;
    }
}
