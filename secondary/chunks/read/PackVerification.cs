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
    private byte[] _leaves = [];
    private int _leafBytes;
    private LeafTree? _whole;
    private LeafTree[] _short = [];

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
        var whole = Prepare(tail.LeafBytes);
        using var cipher = room.Keys is null ? null : new FrameCipher(room.Key(tail.KeyId, room.Names.Pack(name)).Secret, tail.Salt, FrameCipher.Packs);
        Span<LeafHash> hashes = stackalloc LeafHash[LeafHashes.Most];
        // As many as fill 2 MiB are hashed together.
        for (var first = 0; first < tail.Entries.Length; first += whole.LeavesPerGroup)
        {
            var count = Math.Min(whole.LeavesPerGroup, tail.Entries.Length - first);
            uint open = 0;
            for (var i = 0; i < count; i++)
            {
                var entry = tail.Entries[first + i];
                var frame = _bytes.Span.Slice((int)entry.Offset, entry.Length);
                if (Crc32C.Of(frame) == entry.Crc && Opens(cipher, first + i, entry, frame, Leaf(i)))
                    open |= 1u << i;
            }
            whole.Hash(0, _leaves, open, hashes);
            for (var i = 0; i < count; i++)
            {
                var entry = tail.Entries[first + i];
                if ((open >> i & 1) == 0 || (room.IdOf(hashes[i]) != entry.Id && !IsLast(entry.Id, Leaf(i))))
                    bad.Add(entry.Offset);
            }
        }
        return bad;
    }

    private Span<byte> Leaf(int place) => _leaves.AsSpan(place * _leafBytes, _leafBytes);

    /// <returns>The tree of leaves that lie wholly within their disk.</returns>
    private LeafTree Prepare(int leafBytes)
    {
        if (_whole is not null && _leafBytes == leafBytes)
            return _whole;
        _leafBytes = leafBytes;
        _leaves = new byte[DiskRoot.GroupBytes];
        _short = [.. Enumerable.Range(1, leafBytes / DiskRoot.LeafBytes - 1).Reverse().Select(small => new LeafTree(leafBytes, (long)small * DiskRoot.LeafBytes))];
        return _whole = new LeafTree(leafBytes, DiskRoot.GroupBytes);
    }

    private bool Opens(FrameCipher? cipher, int number, PackEntry entry, Span<byte> frame, Span<byte> leaf)
    {
        if (cipher is not null)
        {
            if (!cipher.TryDecrypt((uint)number, frame, frame, entry.Id.Span))
                return false;
            frame = frame[..^FrameCipher.TagBytes];
        }
        return _codec.TryDecompress(entry.Coding, frame, leaf);
    }

    // A leaf of 256 KiB at the end of a disk has the node of as many leaves of 64 KiB as begin within the disk: the pack does not know how many those were.
    private bool IsLast(LeafHash id, ReadOnlySpan<byte> leaf)
    {
        foreach (var tree in _short)
        {
            if (room.IdOf(tree.Hash(0, leaf)) == id)
                return true;
        }
        return false;
    }
}
