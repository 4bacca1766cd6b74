using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SnapshotWorkflows.Lab.Prover;

/// <summary>
/// A dynamic VHD inside a file, written from the format's description alone. The footer is in the last 512 bytes of the region, which
/// is the file's end for a plain VHD and the logical volume's end for one that lives in LVM.
/// </summary>
internal sealed class VhdDisk
{
    private const int Sector = 512;
    private const uint Absent = 0xFFFF_FFFF;

    private readonly Region _region;
    private readonly uint[] _table;
    private readonly int _blockBytes;
    private readonly int _bitmapBytes;

    private VhdDisk(Region region, long size, uint[] table, int blockBytes)
    {
        _region = region;
        Size = size;
        _table = table;
        _blockBytes = blockBytes;
        _bitmapBytes = (blockBytes / Sector / 8 + Sector - 1) / Sector * Sector;
    }

    /// <summary>Bytes of the disk as its guest sees it.</summary>
    public long Size { get; }

    /// <summary>Blocks that hold data.</summary>
    public int PresentBlocks => _table.Count(entry => entry != Absent);

    public static VhdDisk Open(Region region)
    {
        var footer = region.Read(region.Length - Sector, Sector);
        var copy = region.Read(0, Sector);
        CheckSum(footer, 64, "footer");
        if (!footer.AsSpan(0, 8).SequenceEqual("conectix"u8)) throw new InvalidDataException("The last 512 bytes are no VHD footer.");
        // xapi marks a parent as hidden by one byte (85), in the last footer only; everything else must agree.
        if (!copy.AsSpan(0, 64).SequenceEqual(footer.AsSpan(0, 64))) throw new InvalidDataException("The two footers of the VHD differ.");
        if (!copy.AsSpan(68, 16).SequenceEqual(footer.AsSpan(68, 16))) throw new InvalidDataException("The two footers of the VHD bear different uuids.");
        CheckSum(copy, 64, "copy of the footer");
        var type = Big32(footer, 60);
        if (type != 3) throw new InvalidDataException($"The VHD is of type {type}; only a self-contained dynamic one (3) can be proved.");

        var header = region.Read(Big64(footer, 16), 1024);
        if (!header.AsSpan(0, 8).SequenceEqual("cxsparse"u8)) throw new InvalidDataException("The VHD has no dynamic header where its footer points.");
        CheckSum(header, 36, "dynamic header");
        var size = Big64(footer, 48);
        var blockBytes = checked((int)Big32(header, 32));
        var entries = checked((int)Big32(header, 28));
        if (blockBytes < Sector * 8 || blockBytes % Sector != 0) throw new InvalidDataException($"The VHD's block size is {blockBytes}.");
        var needed = checked((int)((size + blockBytes - 1) / blockBytes));
        if (entries < needed) throw new InvalidDataException($"The allocation table has {entries} entries where {needed} are needed.");

        var raw = region.Read(Big64(header, 16), entries * 4);
        var table = new uint[needed];
        for (var i = 0; i < needed; i++) table[i] = Big32(raw, i * 4);
        return new VhdDisk(region, size, table, blockBytes).Checked();
    }

    /// <summary>SHA-256 of the whole disk, zeros included. With <paramref name="output"/> the disk is also written there, sparsely.</summary>
    public string Hash(FileStream? output)
    {
        output?.SetLength(Size);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[_blockBytes];
        for (var i = 0; i < _table.Length; i++)
        {
            var start = (long)i * _blockBytes;
            var data = block.AsSpan(0, (int)Math.Min(_blockBytes, Size - start));
            ReadBlock(_table[i], block);
            hash.AppendData(data);
            if (output is not null && data.ContainsAnyExcept((byte)0)) RandomAccess.Write(output.SafeFileHandle, data, start);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void ReadBlock(uint entry, byte[] block)
    {
        if (entry == Absent)
        {
            Array.Clear(block);
            return;
        }

        var bitmap = _region.Read((long)entry * Sector, _bitmapBytes);
        _region.Read((long)entry * Sector + _bitmapBytes, block);
        for (var sector = 0; sector < _blockBytes / Sector; sector++)
        {
            var present = (bitmap[sector / 8] & (0x80 >> (sector % 8))) != 0;
            if (!present) block.AsSpan(sector * Sector, Sector).Clear();
        }
    }

    /// <summary>Every block inside the region, none twice, none overlapping another.</summary>
    private VhdDisk Checked()
    {
        var stride = _bitmapBytes + _blockBytes;
        long end = 0;
        foreach (var entry in _table.Where(entry => entry != Absent).Order())
        {
            var start = (long)entry * Sector;
            if (start < end) throw new InvalidDataException($"Two blocks of the VHD overlap at byte {start}.");
            end = start + stride;
        }

        if (end > _region.Length - Sector) throw new InvalidDataException($"A block of the VHD ends at byte {end}, behind the footer at {_region.Length - Sector}.");
        return this;
    }

    private static void CheckSum(byte[] bytes, int at, string what)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (i < at || i >= at + 4) sum += bytes[i];
        }

        if (~sum != Big32(bytes, at)) throw new InvalidDataException($"The checksum of the VHD's {what} is wrong.");
    }

    private static uint Big32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at, 4));

    private static long Big64(byte[] bytes, int at) => checked((long)BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(at, 8)));
}
