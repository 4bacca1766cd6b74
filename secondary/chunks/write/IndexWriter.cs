using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SnapshotWorkflows.Secondary.Chunks.Codec;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>Takes records in ascending order and puts them as index objects; each one in the store is also what a resumed backup goes on from.</summary>
/// <param name="settle">Called with the records of an object before it is put: the packs that they refer to must be in the store by then.</param>
internal sealed class IndexWriter(ChunkRoom room, string session, int leafBytes, PackTable packs, Func<IReadOnlyList<IndexRecord>, CancellationToken, Task> settle) : IDisposable
{
    private readonly List<IndexRecord> _pending = [];
    private readonly LeafCodec _codec = new(room.Options.Zstd);
    private readonly List<string> _objects = [];

    public long Records { get; private set; }

    /// <summary>Bytes that were sent; objects that an earlier attempt left are not sent again.</summary>
    public long SentBytes { get; private set; }

    public async Task AddAsync(IndexRecord record, CancellationToken cancellation)
    {
        _pending.Add(record);
        if (_pending.Count >= room.Options.IndexRecordsMax)
            await FlushAsync(cancellation);
    }

    /// <summary>Takes back what was added, where nothing of it is in the store yet; null where something is.</summary>
    public IReadOnlyList<IndexRecord>? TakeBack()
    {
        if (_objects.Count > 0)
            return null;
        var records = _pending.ToArray();
        _pending.Clear();
        return records;
    }

    /// <summary>Puts what is left.</summary>
    /// <returns>The layer; null where there was no record at all.</returns>
    public async Task<LayerText?> FinishAsync(CancellationToken cancellation)
    {
        await FlushAsync(cancellation);
        return _objects.Count == 0 ? null : new LayerText { Objects = _objects, Records = Records };
    }

    public void Dispose() => _codec.Dispose();

    private async Task FlushAsync(CancellationToken cancellation)
    {
        if (_pending.Count == 0)
            return;
        await settle(_pending, cancellation);
        var (name, bytes) = Make();
        if (await room.Store.FindAsync(room.Names.Index(name), cancellation) is null)
        {
            await room.Store.PutAsync(room.Names.Index(name), new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false, publiclyVisible: true), cancellation);
            SentBytes += bytes.Count;
        }
        _objects.Add(name.ToString());
        Records += _pending.Count;
        _pending.Clear();
    }

    private (ObjectName Name, ArraySegment<byte> Bytes) Make()
    {
        // An object's own numbers of packs go by their first use.
        var places = new Dictionary<int, int>();
        int Place(int pack)
        {
            if (!places.TryGetValue(pack, out var place))
                places.Add(pack, place = places.Count);
            return place;
        }

        var frames = new List<(byte[] Bytes, int Length, LeafCoding Coding, int Plain)>();
        var starts = new List<int>();
        using var salt = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        salt.AppendData(Encoding.ASCII.GetBytes(session));
        Span<byte> lengthBytes = stackalloc byte[4];
        for (var at = 0; at < _pending.Count; at += IndexPage.RecordsWritten)
        {
            var records = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pending).Slice(at, Math.Min(IndexPage.RecordsWritten, _pending.Count - at));
            var page = new byte[IndexPage.Length(records.Length)];
            IndexPage.Write(records, page, Place);
            var frame = new byte[page.Length + FrameCipher.TagBytes];
            var length = _codec.Compress(page, frame, out var coding);
            BinaryPrimitives.WriteInt32LittleEndian(lengthBytes, length);
            salt.AppendData(lengthBytes);
            salt.AppendData(frame.AsSpan(0, length));
            frames.Add((frame, length, coding, page.Length));
            starts.Add(at);
        }
        // Of what is encrypted, not of the records: a next life with another codec (no libzstd, a newer one) must not use the same nonces for other bytes.
        var saltBytes = salt.GetHashAndReset()[..PackTail.SaltBytes];
        var key = room.Keys?.Current;
        using var cipher = key is null ? null : new FrameCipher(key.Secret, saltBytes, FrameCipher.Indexes);
        var bytes = new MemoryStream(_pending.Count * 40);
        var pages = new List<IndexPageEntry>();
        for (var i = 0; i < frames.Count; i++)
        {
            var (frame, length, coding, plain) = frames[i];
            if (cipher is not null)
            {
                cipher.Encrypt((uint)i, frame.AsSpan(0, length), frame.AsSpan(length, FrameCipher.TagBytes), []);
                length += FrameCipher.TagBytes;
            }
            var last = i + 1 < starts.Count ? starts[i + 1] - 1 : _pending.Count - 1;
            pages.Add(new IndexPageEntry(_pending[starts[i]].Leaf, _pending[last].Leaf, (uint)bytes.Length, StoredForm.Of(length, coding), (uint)plain,
                LeafHash.Read(SHA256.HashData(frame.AsSpan(0, length)))));
            bytes.Write(frame, 0, length);
        }
        var tail = new IndexTail
        {
            Pages = pages,
            Packs = [.. places.OrderBy(p => p.Value).Select(p => packs.Name(p.Key))],
            Salt = saltBytes,
            KeyId = key?.Id ?? "",
            LeafBytes = leafBytes,
            Records = _pending.Count,
        }.Write();
        bytes.Write(tail);
        return (new ObjectName(session, LeafHash.Read(SHA256.HashData(tail))), new ArraySegment<byte>(bytes.GetBuffer(), 0, (int)bytes.Length));
    }
}
