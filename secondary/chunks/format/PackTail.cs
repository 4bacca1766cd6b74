using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SnapshotWorkflows.Secondary.Chunks.Codec;

namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary>One frame as a pack's tail tells of it.</summary>
internal readonly record struct PackEntry(LeafHash Id, uint Offset, uint Stored, uint Crc)
{
    public int Length => StoredForm.Length(Stored);

    public LeafCoding Coding => StoredForm.Coding(Stored);
}

/// <summary>Length and codec in 32 bits.</summary>
internal static class StoredForm
{
    public static uint Of(int length, LeafCoding coding) => (uint)coding << 24 | (uint)length;

    public static int Length(uint stored) => (int)(stored & 0xFF_FFFF);

    public static LeafCoding Coding(uint stored) => (LeafCoding)(stored >> 24);
}

/// <summary>The end of a pack: what frames it holds. Its SHA-256 is the pack's name.</summary>
internal sealed class PackTail
{
    public const int EntryBytes = 40;
    public const int FixedBytes = 64;
    public const int EntriesMax = 4096;
    public const int SaltBytes = 16;
    public const int KeyBytes = 32;

    private static readonly ulong s_magic = BinaryPrimitives.ReadUInt64LittleEndian("SWFPACK1"u8);

    public required PackEntry[] Entries { get; init; }

    public required byte[] Salt { get; init; }

    /// <summary>Id of the data key; empty where not encrypted.</summary>
    public required string KeyId { get; init; }

    public required int LeafBytes { get; init; }

    /// <summary>Length of all frames: where the tail begins.</summary>
    public required long FrameBytes { get; init; }

    public static int Length(int entries) => entries * EntryBytes + FixedBytes;

    /// <summary>How many bytes the tail has, by the object's last 12 bytes.</summary>
    public static bool TryLength(ReadOnlySpan<byte> last, out int length)
    {
        length = 0;
        var count = BinaryPrimitives.ReadUInt32LittleEndian(last);
        if (BinaryPrimitives.ReadUInt64LittleEndian(last[4..]) != s_magic || count is 0 or > EntriesMax)
            return false;
        length = Length((int)count);
        return true;
    }

    /// <summary>Writes the part behind the entries, and names the pack.</summary>
    /// <param name="tail">All of the tail; the entries stand in it already.</param>
    public static LeafHash Finish(Span<byte> tail, ReadOnlySpan<byte> salt, string keyId, int leafBytes)
    {
        var end = tail[^FixedBytes..];
        salt.CopyTo(end);
        WriteKey(keyId, end.Slice(SaltBytes, KeyBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(end[48..], (uint)leafBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(end[52..], (uint)((tail.Length - FixedBytes) / EntryBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(end[56..], s_magic);
        return HashOf(tail);
    }

    /// <returns>Null where the bytes are not the tail of the pack of that name.</returns>
    public static PackTail? Read(ReadOnlySpan<byte> tail, LeafHash name, long objectBytes)
    {
        if (tail.Length < FixedBytes || !TryLength(tail[^12..], out var length) || length != tail.Length || HashOf(tail) != name)
            return null;
        var end = tail[^FixedBytes..];
        var entries = new PackEntry[(tail.Length - FixedBytes) / EntryBytes];
        uint offset = 0;
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = tail.Slice(i * EntryBytes, EntryBytes);
            var stored = BinaryPrimitives.ReadUInt32LittleEndian(entry[32..]);
            entries[i] = new PackEntry(LeafHash.Read(entry), offset, stored, BinaryPrimitives.ReadUInt32LittleEndian(entry[36..]));
            offset += (uint)StoredForm.Length(stored);
        }
        if (offset + tail.Length != objectBytes)
            return null;
        return new PackTail
        {
            Entries = entries,
            Salt = end[..SaltBytes].ToArray(),
            KeyId = ReadKey(end.Slice(SaltBytes, KeyBytes)),
            LeafBytes = (int)BinaryPrimitives.ReadUInt32LittleEndian(end[48..]),
            FrameBytes = offset,
        };
    }

    /// <summary>The entry that begins at the offset; -1 where none does.</summary>
    public int Find(uint offset)
    {
        var (low, high) = (0, Entries.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (Entries[middle].Offset == offset)
                return middle;
            if (Entries[middle].Offset < offset)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return -1;
    }

    public static void WriteKey(string keyId, Span<byte> target)
    {
        target.Clear();
        Encoding.ASCII.GetBytes(keyId, target);
    }

    public static string ReadKey(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetString(bytes.TrimEnd((byte)0));

    private static LeafHash HashOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[LeafHash.Bytes];
        SHA256.HashData(bytes, hash);
        return LeafHash.Read(hash);
    }
}
