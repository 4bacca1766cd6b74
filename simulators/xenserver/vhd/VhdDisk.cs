using System.Buffers.Binary;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// The contents of a dynamic VHD, read and written through its allocation table and bitmaps as tapdisk does. Writes are ordered so
/// that the VHD is valid at every instant: a new block's bitmap and data are in place before the table names it, and data is in
/// place before the bitmap says that it is present. So an array's snapshot at any moment holds a readable disk.
/// </summary>
internal sealed class VhdDisk : IBlockDevice
{
    private const uint Absent = uint.MaxValue;
    private readonly Lock _gate = new();
    private readonly IBlockDevice _store;
    private readonly bool _footerMoves;
    private readonly byte[] _footer;
    private readonly long _tableOffset;
    private readonly uint[] _table;
    private readonly Dictionary<int, byte[]> _bitmaps = [];
    private long _end;

    private VhdDisk(IBlockDevice store, VhdFooter footer, byte[] footerBytes, VhdHeader header, uint[] table)
    {
        _store = store;
        _footerMoves = store is FileDevice;
        _footer = footerBytes;
        _tableOffset = header.TableOffset;
        _table = table;
        Length = footer.CurrentSize;
        _end = new VhdLayout(Length).MetadataEnd;
        foreach (var sector in table)
            if (sector != Absent)
                _end = Math.Max(_end, VhdLayout.BlockEnd((long)sector * VhdLayout.Sector));
    }

    public long Length { get; }

    /// <summary>Told of every write.</summary>
    public Action<long, int>? Written { get; set; }

    /// <summary>Blocks present in the allocation table.</summary>
    public int AllocatedBlocks
    {
        get
        {
            lock (_gate)
                return _table.Count(s => s != Absent);
        }
    }

    /// <summary>Writes an empty dynamic VHD; its footer goes to the end of a logical volume, or directly behind the tables in a file.</summary>
    public static VhdDisk Format(IBlockDevice store, long virtualSize, Guid id, DateTimeOffset at)
    {
        var layout = new VhdLayout(virtualSize);
        var footer = new VhdFooter(virtualSize, id, VhdFooter.TimestampOf(at), "tap\0", 0x00010003, Hidden: false);
        var bytes = footer.Encode();
        var head = new byte[layout.MetadataEnd];
        bytes.CopyTo(head, 0);
        new VhdHeader(VhdLayout.TableOffset, layout.Entries).Encode().CopyTo(head, VhdFooter.Size);
        head.AsSpan((int)VhdLayout.TableOffset, (int)layout.TableSize).Fill(0xFF);
        var batmap = head.AsSpan((int)layout.BatmapHeaderOffset);
        "tdbatmap"u8.CopyTo(batmap);
        BinaryPrimitives.WriteInt64BigEndian(batmap[8..], layout.BatmapOffset);
        BinaryPrimitives.WriteInt32BigEndian(batmap[16..], (int)(layout.BatmapSize / VhdLayout.Sector));
        BinaryPrimitives.WriteUInt32BigEndian(batmap[20..], 0x00010002);
        BinaryPrimitives.WriteUInt32BigEndian(batmap[24..], uint.MaxValue);
        store.Write(store is FileDevice ? layout.MetadataEnd : store.Length - VhdFooter.Size, bytes);
        store.Write(0, head);
        return Open(store) ?? throw new InvalidDataException("A VHD that was just written does not read back.");
    }

    /// <summary>Null when the store holds no dynamic VHD of 2 MiB blocks.</summary>
    public static VhdDisk? Open(IBlockDevice store)
    {
        var head = new byte[VhdFooter.Size + VhdHeader.Size];
        if (store.Length < head.Length)
            return null;
        store.Read(0, head);
        var footer = VhdFooter.Decode(head);
        var header = footer is null ? null : VhdHeader.Decode(head.AsSpan(VhdFooter.Size));
        // A disk of a chain alone is not a disk.
        if (footer is null or { Differencing: true } || header is null)
            return null;
        if (header.Entries < 0 || header.Entries > VhdHeader.LargestTable || header.TableOffset < 0 || header.TableOffset > store.Length
            || footer.CurrentSize < 0 || footer.CurrentSize > (long)header.Entries * VhdHeader.BlockSize)
            return null;
        var raw = new byte[header.Entries * 4L];
        store.Read(header.TableOffset, raw);
        var table = new uint[header.Entries];
        for (var i = 0; i < table.Length; i++)
            table[i] = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(i * 4));
        return new VhdDisk(store, footer, head[..VhdFooter.Size], header, table);
    }

    /// <summary>Virtual size from the first footer, without reading the tables; null when there is no VHD.</summary>
    public static long? SizeOf(IBlockDevice store)
    {
        var head = new byte[VhdFooter.Size];
        if (store.Length < head.Length)
            return null;
        store.Read(0, head);
        return VhdFooter.Decode(head)?.CurrentSize;
    }

    public void Read(long offset, Span<byte> buffer)
    {
        CheckRange(offset, buffer.Length);
        lock (_gate)
            foreach (var (block, within, start, length) in Pieces(offset, buffer.Length))
                ReadPiece(block, within, buffer.Slice(start, length));
    }

    public void Write(long offset, ReadOnlySpan<byte> buffer)
    {
        CheckRange(offset, buffer.Length);
        lock (_gate)
            foreach (var (block, within, start, length) in Pieces(offset, buffer.Length))
                WritePiece(block, within, buffer.Slice(start, length));
        Written?.Invoke(offset, buffer.Length);
    }

    public IEnumerable<(long Offset, long Length)> AllocatedExtents()
    {
        lock (_gate)
        {
            var extents = new List<(long Offset, long Length)>();
            for (var i = 0; i < _table.Length; i++)
            {
                if (_table[i] == Absent)
                    continue;
                var offset = (long)i * VhdHeader.BlockSize;
                var length = Math.Min(VhdHeader.BlockSize, Length - offset);
                if (extents.Count > 0 && extents[^1].Offset + extents[^1].Length == offset)
                    extents[^1] = (extents[^1].Offset, extents[^1].Length + length);
                else
                    extents.Add((offset, length));
            }

            return extents;
        }
    }

    private static IEnumerable<(int Block, int Within, int Start, int Length)> Pieces(long offset, int length)
    {
        for (var done = 0; done < length;)
        {
            var block = (int)((offset + done) / VhdHeader.BlockSize);
            var within = (int)((offset + done) % VhdHeader.BlockSize);
            var take = Math.Min(length - done, VhdHeader.BlockSize - within);
            yield return (block, within, done, take);
            done += take;
        }
    }

    private void ReadPiece(int block, int within, Span<byte> into)
    {
        if (_table[block] == Absent)
        {
            into.Clear();
            return;
        }

        var data = ((long)_table[block] * VhdLayout.Sector) + VhdLayout.BitmapSize;
        _store.Read(data + within, into);
        var bitmap = Bitmap(block);
        for (var at = 0; at < into.Length;)
        {
            var sector = (within + at) / VhdLayout.Sector;
            var take = Math.Min(into.Length - at, ((sector + 1) * VhdLayout.Sector) - (within + at));
            if ((bitmap[sector / 8] & (0x80 >> (sector % 8))) == 0)
                into.Slice(at, take).Clear();
            at += take;
        }
    }

    private void WritePiece(int block, int within, ReadOnlySpan<byte> from)
    {
        var first = within / VhdLayout.Sector;
        var last = (within + from.Length - 1) / VhdLayout.Sector;
        if (within % VhdLayout.Sector != 0 || from.Length % VhdLayout.Sector != 0)
        {
            var whole = new byte[(last - first + 1) * VhdLayout.Sector];
            ReadPiece(block, first * VhdLayout.Sector, whole);
            from.CopyTo(whole.AsSpan(within - (first * VhdLayout.Sector)));
            WriteSectors(block, first, last, whole);
        }
        else
        {
            WriteSectors(block, first, last, from);
        }
    }

    private void WriteSectors(int block, int first, int last, ReadOnlySpan<byte> from)
    {
        var isNew = _table[block] == Absent;
        long at;
        if (isNew)
        {
            at = VhdLayout.NextBlock(_end);
            var end = VhdLayout.BlockEnd(at);
            if (_footerMoves)
                _store.Write(end, _footer);
            else if (end > _store.Length - VhdFooter.Size)
                throw new IOException("The logical volume has no room for another VHD block.");
            _bitmaps[block] = new byte[VhdLayout.BitmapSize];
        }
        else
        {
            at = (long)_table[block] * VhdLayout.Sector;
        }

        var bitmap = Bitmap(block);
        var changed = isNew;
        for (var sector = first; sector <= last; sector++)
        {
            var mask = (byte)(0x80 >> (sector % 8));
            changed |= (bitmap[sector / 8] & mask) == 0;
            bitmap[sector / 8] |= mask;
        }

        _store.Write(at + VhdLayout.BitmapSize + ((long)first * VhdLayout.Sector), from);
        if (changed)
            _store.Write(at, bitmap);
        if (!isNew)
            return;
        var sectorNumber = (uint)(at / VhdLayout.Sector);
        var entry = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(entry, sectorNumber);
        _store.Write(_tableOffset + (block * 4L), entry);
        _table[block] = sectorNumber;

        // The former end held the footer; what lies between blocks is zeros.
        if (_footerMoves && at >= _end + VhdFooter.Size)
            _store.Write(_end, new byte[VhdFooter.Size]);
        _end = VhdLayout.BlockEnd(at);
    }

    private byte[] Bitmap(int block)
    {
        if (_bitmaps.TryGetValue(block, out var bitmap))
            return bitmap;
        bitmap = new byte[VhdLayout.BitmapSize];
        _store.Read((long)_table[block] * VhdLayout.Sector, bitmap);
        return _bitmaps[block] = bitmap;
    }

    private void CheckRange(long offset, int length)
    {
        if (offset < 0 || offset + length > Length)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{length} bytes at {offset} reach beyond the disk's {Length}.");
    }
}
