using System.Buffers.Binary;
using SnapshotWorkflows.Secondary.Chunks.Codec;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Keys;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>One pack being filled, in a buffer that it was given: leaves are compressed and encrypted where they will lie.</summary>
internal sealed class PackBuilder : IDisposable
{
    private readonly int _packBytes;
    private readonly int _leafBytes;
    private readonly DataKey? _key;
    private readonly byte[] _salt;
    private readonly FrameCipher? _cipher;
    private byte[] _entries = new byte[128 * PackTail.EntryBytes];
    private int _count;
    private int _length;

    public PackBuilder(AlignedBuffer buffer, int number, int packBytes, int leafBytes, DataKey? key, byte[] salt)
    {
        Buffer = buffer;
        Number = number;
        _packBytes = packBytes;
        _leafBytes = leafBytes;
        _key = key;
        _salt = salt;
        _cipher = key is null ? null : new FrameCipher(key.Secret, _salt, FrameCipher.Packs);
    }

    public AlignedBuffer Buffer { get; }

    /// <summary>Leaves in it.</summary>
    public int Count => _count;

    /// <summary>Its number in the operation's table of packs.</summary>
    public int Number { get; }

    /// <summary>Whether another leaf would make it too large.</summary>
    public bool IsFull => _count == PackTail.EntriesMax || _length + PackTail.Length(_count) >= _packBytes;

    /// <summary>Room for a pack of that size: one leaf more than fits may begin before it is full, and the tail comes last.</summary>
    public static int BufferBytes(int packBytes, int leafBytes) => packBytes + leafBytes + FrameCipher.TagBytes + PackTail.Length(PackTail.EntriesMax);

    public (uint Offset, uint Stored) Append(ReadOnlySpan<byte> leaf, LeafHash id, LeafCodec codec)
    {
        var offset = _length;
        var length = codec.Compress(leaf, Buffer.Span[offset..], out var coding);
        if (_cipher is not null)
        {
            _cipher.Encrypt((uint)_count, Buffer.Span.Slice(offset, length), Buffer.Span.Slice(offset + length, FrameCipher.TagBytes), id.Span);
            length += FrameCipher.TagBytes;
        }
        if ((_count + 1) * PackTail.EntryBytes > _entries.Length)
            Array.Resize(ref _entries, _entries.Length * 2);
        var stored = StoredForm.Of(length, coding);
        var entry = _entries.AsSpan(_count * PackTail.EntryBytes, PackTail.EntryBytes);
        id.Write(entry);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[32..], stored);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[36..], Crc32C.Of(Buffer.Span.Slice(offset, length)));
        _count++;
        _length += length;
        return ((uint)offset, stored);
    }

    /// <summary>Writes the tail.</summary>
    /// <returns>The pack's hash and its length in the buffer.</returns>
    public (LeafHash Hash, int Length) Seal()
    {
        var tail = Buffer.Span.Slice(_length, PackTail.Length(_count));
        _entries.AsSpan(0, _count * PackTail.EntryBytes).CopyTo(tail);
        var hash = PackTail.Finish(tail, _salt, _key?.Id ?? "", _leafBytes);
        return (hash, _length + tail.Length);
    }

    public void Dispose() => _cipher?.Dispose();
}
