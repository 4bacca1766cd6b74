namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>Constants of the VHD format (blktap include/vhd.h). Everything is big-endian.</summary>
public static class VhdFormat
{
    public const int SectorBytes = 512;
    public const int FooterBytes = 512;
    public const int HeaderBytes = 1024;

    /// <summary>Block size of every VHD that XenServer writes.</summary>
    public const int DefaultBlockBytes = 2 * 1024 * 1024;

    /// <summary>Largest disk: 2040 GiB.</summary>
    public const long MaxDiskBytes = 2040L << 30;

    /// <summary>A block that is absent.</summary>
    public const uint AbsentBlock = uint.MaxValue;

    /// <summary>Timestamps count seconds from here.</summary>
    public static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    internal const int FirstTableOffset = FooterBytes + HeaderBytes;

    internal static int BitmapBytes(int blockBytes) => (blockBytes / SectorBytes / 8 + SectorBytes - 1) / SectorBytes * SectorBytes;

    internal static long RoundUpToSector(long bytes) => (bytes + SectorBytes - 1) / SectorBytes * SectorBytes;

    /// <summary>One's complement of the sum of all bytes, the checksum's own four counting as zero.</summary>
    internal static uint Checksum(ReadOnlySpan<byte> bytes, int checksumAt)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (i < checksumAt || i >= checksumAt + 4)
                sum += bytes[i];
        }
        return ~sum;
    }
}

/// <summary>Footer's type field.</summary>
public enum VhdType : uint
{
    Fixed = 2,
    Dynamic = 3,
    Differencing = 4,
}

/// <summary>A VHD that cannot be read. To learn everything that is wrong with one, use <see cref="VhdCheck"/>.</summary>
public sealed class VhdException(string code, string message, string remedy, long offset) : SecondaryException(code, message, remedy)
{
    /// <summary>Where in the file.</summary>
    public long Offset { get; } = offset;

    internal static VhdException Damaged(string code, long offset, string message) =>
        new(code, $"{message} (at byte {offset} of the file).", "The file is cut short or damaged: copy the snapshot anew, or take another copy.", offset);
}
