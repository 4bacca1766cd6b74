using SnapshotWorkflows.Secondary.Chunks.Codec;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>What was found of one pack.</summary>
/// <param name="Tail">Null where the pack is missing or its tail is damaged.</param>
/// <param name="Bad">Offsets of frames that are not what was written.</param>
internal sealed record PackCheck(int Number, PackTail? Tail, IReadOnlyCollection<uint> Bad, long ReadBytes, ChunkException? Fault);

/// <summary>Reads packs again, from the store and not from memory as far as it can see to that. One a thread.</summary>
internal sealed class PackVerification(ChunkRoom room) : IDisposable
{
    private readonly LeafCodec _codec = new();
    private AlignedBuffer _bytes = new(0);
    private byte[] _leaf = [];
    private LeafTree[] _trees = [];

    /// <param name="content">Every frame: its checksum as stored, and its leaf against its id. Else the tail alone.</param>
    public async ValueTask<PackCheck> CheckAsync(int number, ObjectName name, bool content, CancellationToken cancellation)
    {
        try
        {
            await using var reader = await room.OpenAsync(room.Names.Pack(name), ReadPurpose.Verification, cancellation);
            if (!content || reader.Length > int.MaxValue / 2)
                return new PackCheck(number, await PackReading.TailAsync(room, name, reader, cancellation), [], 0, null);
            if (_bytes.Length < reader.Length)
            {
                _bytes.Dispose();
                _bytes = new AlignedBuffer((int)Math.Max(reader.Length, 9 << 20));
            }
            var length = await reader.ReadAsync(0, _bytes.Memory[..(int)reader.Length], cancellation);
            if (length < PackTail.FixedBytes || !PackTail.TryLength(_bytes.Span[(length - 12)..length], out var tailLength) || tailLength > length
                || PackTail.Read(_bytes.Span.Slice(length - tailLength, tailLength), name.Hash, length) is not { } tail)
                throw PackReading.Damaged(room, name);
            return new PackCheck(number, tail, Bad(name, tail), length, null);
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Missing)
        {
            return new PackCheck(number, null, [], 0, e);
        }
    }

    public void Dispose()
    {
        _bytes.Dispose();
        _codec.Dispose();
    }

    private List<uint> Bad(ObjectName name, PackTail tail)
    {
        var bad = new List<uint>();
        if (_leaf.Length != tail.LeafBytes)
        {
            _leaf = new byte[tail.LeafBytes];
            _trees = [.. Enumerable.Range(1, tail.LeafBytes / DiskRoot.LeafBytes).Reverse().Select(small => new LeafTree(tail.LeafBytes, (long)small * DiskRoot.LeafBytes))];
        }
        using var cipher = room.Keys is null ? null : new FrameCipher(room.Key(tail.KeyId, room.Names.Pack(name)).Secret, tail.Salt, FrameCipher.Packs);
        for (var i = 0; i < tail.Entries.Length; i++)
        {
            var entry = tail.Entries[i];
            var frame = _bytes.Span.Slice((int)entry.Offset, entry.Length);
            if (Crc32C.Of(frame) != entry.Crc || !Opens(cipher, i, entry, frame))
                bad.Add(entry.Offset);
        }
        return bad;
    }

    private bool Opens(FrameCipher? cipher, int number, PackEntry entry, Span<byte> frame)
    {
        if (cipher is not null)
        {
            if (!cipher.TryDecrypt((uint)number, frame, frame, entry.Id.Span))
                return false;
            frame = frame[..^FrameCipher.TagBytes];
        }
        return _codec.TryDecompress(entry.Coding, frame, _leaf) && IsLeaf(entry.Id);
    }

    // A leaf of 256 KiB at the end of a disk has the node of as many leaves of 64 KiB as begin within the disk: the pack does not know how many those were.
    private bool IsLeaf(LeafHash id)
    {
        foreach (var tree in _trees)
        {
            if (room.IdOf(tree.Hash(0, _leaf)) == id)
                return true;
        }
        return false;
    }
}
