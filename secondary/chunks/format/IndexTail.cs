using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary>A page as the tail tells of it.</summary>
internal readonly record struct IndexPageEntry(uint First, uint Last, uint Offset, uint Stored, uint PlainBytes, LeafHash Hash);

/// <summary>The end of an index object: its pages and the packs that they refer to. Its SHA-256 is the object's name.</summary>
internal sealed class IndexTail
{
    public const int RecordsMax = 262_144;
    public const int PageEntryBytes = 52;
    public const int FixedBytes = 72;

    /// <summary>A directory of pages, and 262,144 packs of as many sessions at the very worst.</summary>
    public const int LongestBytes = 64 << 20;

    private static readonly ulong s_magic = BinaryPrimitives.ReadUInt64LittleEndian("SWFINDX1"u8);

    public required IReadOnlyList<IndexPageEntry> Pages { get; init; }

    public required IReadOnlyList<ObjectName> Packs { get; init; }

    public required byte[] Salt { get; init; }

    public required string KeyId { get; init; }

    public required int LeafBytes { get; init; }

    public required int Records { get; init; }

    /// <summary>Length of the tail by the object's last 12 bytes; 0 where it is none.</summary>
    public static int Length(ReadOnlySpan<byte> last) =>
        BinaryPrimitives.ReadUInt64LittleEndian(last[4..]) == s_magic && BinaryPrimitives.ReadUInt32LittleEndian(last) is >= FixedBytes + 8 and <= LongestBytes and var length ? (int)length : 0;

    public byte[] Write()
    {
        var sessions = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var pack in Packs)
            sessions.TryAdd(pack.Session, sessions.Count);
        var bytes = new MemoryStream();
        Span<byte> page = stackalloc byte[PageEntryBytes];
        foreach (var one in Pages)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(page, one.First);
            BinaryPrimitives.WriteUInt32LittleEndian(page[4..], one.Last);
            BinaryPrimitives.WriteUInt32LittleEndian(page[8..], one.Offset);
            BinaryPrimitives.WriteUInt32LittleEndian(page[12..], one.Stored);
            BinaryPrimitives.WriteUInt32LittleEndian(page[16..], one.PlainBytes);
            one.Hash.Write(page[20..]);
            bytes.Write(page);
        }
        WriteNumber(bytes, sessions.Count);
        foreach (var session in sessions.Keys)
        {
            bytes.WriteByte((byte)session.Length);
            bytes.WriteByte((byte)(session.Length >> 8));
            bytes.Write(Encoding.ASCII.GetBytes(session));
        }
        WriteNumber(bytes, Packs.Count);
        foreach (var pack in Packs)
        {
            WriteNumber(bytes, sessions[pack.Session]);
            bytes.Write(pack.Hash.Span);
        }
        bytes.Write(Salt);
        Span<byte> key = stackalloc byte[PackTail.KeyBytes];
        PackTail.WriteKey(KeyId, key);
        bytes.Write(key);
        WriteNumber(bytes, LeafBytes);
        WriteNumber(bytes, Pages.Count);
        WriteNumber(bytes, Records);
        WriteNumber(bytes, (int)bytes.Length + 12);
        bytes.Write("SWFINDX1"u8);
        return bytes.ToArray();
    }

    /// <returns>Null where the bytes are not the tail of the index of that name.</returns>
    public static IndexTail? Read(ReadOnlySpan<byte> tail, LeafHash name, long objectBytes)
    {
        Span<byte> hash = stackalloc byte[LeafHash.Bytes];
        SHA256.HashData(tail, hash);
        if (tail.Length < FixedBytes + 8 || Length(tail[^12..]) != tail.Length || LeafHash.Read(hash) != name)
            return null;
        // From here on the bytes are those that were written: their hash says so.
        var end = tail[^FixedBytes..];
        var pages = new IndexPageEntry[BinaryPrimitives.ReadUInt32LittleEndian(end[52..])];
        long frames = 0;
        for (var i = 0; i < pages.Length; i++)
        {
            var page = tail.Slice(i * PageEntryBytes, PageEntryBytes);
            pages[i] = new IndexPageEntry(Number(page), Number(page[4..]), Number(page[8..]), Number(page[12..]), Number(page[16..]), LeafHash.Read(page[20..]));
            frames += StoredForm.Length(pages[i].Stored);
        }
        if (frames + tail.Length != objectBytes)
            return null;
        var rest = tail[(pages.Length * PageEntryBytes)..];
        var sessions = new string[Number(rest)];
        rest = rest[4..];
        for (var i = 0; i < sessions.Length; i++)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            sessions[i] = Encoding.ASCII.GetString(rest.Slice(2, length));
            rest = rest[(2 + length)..];
        }
        var packs = new ObjectName[Number(rest)];
        rest = rest[4..];
        for (var i = 0; i < packs.Length; i++)
        {
            packs[i] = new ObjectName(sessions[Number(rest)], LeafHash.Read(rest[4..]));
            rest = rest[36..];
        }
        return new IndexTail
        {
            Pages = pages,
            Packs = packs,
            Salt = end[..PackTail.SaltBytes].ToArray(),
            KeyId = PackTail.ReadKey(end.Slice(PackTail.SaltBytes, PackTail.KeyBytes)),
            LeafBytes = (int)Number(end[48..]),
            Records = (int)Number(end[56..]),
        };
    }

    private static uint Number(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static void WriteNumber(MemoryStream bytes, int number)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(four, (uint)number);
        bytes.Write(four);
    }
}
