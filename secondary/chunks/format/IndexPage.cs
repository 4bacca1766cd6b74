using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary>Records as columns of bytes, and back.</summary>
internal static class IndexPage
{
    public const int RecordsMax = 4096;
    /// <summary>What is written: small enough that a page's arrays stay out of the large object heap, where garbage of a 2 TiB index would pile up.</summary>
    public const int RecordsWritten = 1024;
    public const int RecordBytes = 48;

    public static int Length(int records) => 4 + records * RecordBytes;

    /// <param name="place">The object's own number of a pack.</param>
    public static int Write(ReadOnlySpan<IndexRecord> records, Span<byte> target, Func<int, int> place)
    {
        var n = records.Length;
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)n);
        var columns = MemoryMarshal.Cast<byte, uint>(target.Slice(4, n * 16));
        var hashes = target.Slice(4 + n * 16, n * LeafHash.Bytes);
        uint leaf = 0, end = 0;
        var pack = IndexRecord.Zeros;
        for (var i = 0; i < n; i++)
        {
            ref readonly var record = ref records[i];
            columns[i] = record.Leaf - leaf;
            columns[n + i] = record.IsZeros ? uint.MaxValue : (uint)place(record.Pack);
            columns[2 * n + i] = record.Offset - (record.Pack == pack ? end : 0);
            columns[3 * n + i] = record.Stored;
            record.Hash.Write(hashes[(i * LeafHash.Bytes)..]);
            (leaf, pack, end) = (record.Leaf, record.Pack, record.Offset + (uint)StoredForm.Length(record.Stored));
        }
        return Length(n);
    }

    /// <param name="packs">The operation's numbers of the object's packs, by their place in its table.</param>
    /// <returns>Null where the bytes are no page.</returns>
    public static IndexRecord[]? Read(ReadOnlySpan<byte> page, ReadOnlySpan<int> packs)
    {
        if (page.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(page) is not (> 0 and <= RecordsMax) || page.Length != Length((int)BinaryPrimitives.ReadUInt32LittleEndian(page)))
            return null;
        var n = (page.Length - 4) / RecordBytes;
        var columns = MemoryMarshal.Cast<byte, uint>(page.Slice(4, n * 16));
        var hashes = page[(4 + n * 16)..];
        var records = new IndexRecord[n];
        uint leaf = 0, end = 0, pack = uint.MaxValue;
        for (var i = 0; i < n; i++)
        {
            leaf += columns[i];
            var place = columns[n + i];
            var offset = columns[2 * n + i] + (place == pack ? end : 0);
            if (place != uint.MaxValue && place >= packs.Length)
                return null;
            records[i] = new IndexRecord(leaf, place == uint.MaxValue ? IndexRecord.Zeros : packs[(int)place], offset, columns[3 * n + i], LeafHash.Read(hashes[(i * LeafHash.Bytes)..]));
            (pack, end) = (place, offset + (uint)StoredForm.Length(columns[3 * n + i]));
        }
        return records;
    }
}
