using System.Numerics;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>A block's sector bitmap: most significant bit first, 1 = the sector is in the block; 0 = it reads as zeros.</summary>
internal static class VhdBitmap
{
    public static bool IsFull(ReadOnlySpan<byte> bitmap, int sectors) =>
        sectors % 8 == 0 && !bitmap[..(sectors / 8)].ContainsAnyExcept((byte)0xFF);

    public static bool IsSet(ReadOnlySpan<byte> bitmap, int sector) => (bitmap[sector / 8] & (0x80 >> (sector % 8))) != 0;

    /// <summary>From the sector on, up to the limit: how many sectors have the same bit.</summary>
    public static int Run(ReadOnlySpan<byte> bitmap, int sector, int limit)
    {
        var set = IsSet(bitmap, sector);
        var same = (byte)(set ? 0xFF : 0);
        var end = sector + 1;
        while (end < limit)
        {
            if (end % 8 == 0 && bitmap[end / 8] == same)
                end += 8;
            else if (IsSet(bitmap, end) == set)
                end++;
            else
                break;
        }
        return Math.Min(end, limit) - sector;
    }

    /// <summary>Zeros what the bitmap says is absent from a part of a block that begins at the byte given.</summary>
    public static void Apply(ReadOnlySpan<byte> bitmap, int firstByte, Span<byte> data)
    {
        var at = 0;
        while (at < data.Length)
        {
            var sector = (firstByte + at) / VhdFormat.SectorBytes;
            var last = (firstByte + data.Length - 1) / VhdFormat.SectorBytes + 1;
            var run = Run(bitmap, sector, last);
            var end = Math.Min(data.Length, (sector + run) * VhdFormat.SectorBytes - firstByte);
            if (!IsSet(bitmap, sector))
                data[at..end].Clear();
            at = end;
        }
    }

    public static int Count(ReadOnlySpan<byte> bitmap)
    {
        var count = 0;
        foreach (var part in bitmap)
            count += BitOperations.PopCount(part);
        return count;
    }
}
