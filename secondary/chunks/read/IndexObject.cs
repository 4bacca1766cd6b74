using System.Security.Cryptography;
using SnapshotWorkflows.Secondary.Chunks.Codec;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>An open index object: its tail in memory, its pages one at a time.</summary>
internal sealed class IndexObject : IAsyncDisposable
{
    private readonly IStoreReader _reader;
    private readonly FrameCipher? _cipher;
    private readonly int[] _packs;

    private IndexObject(ObjectName name, IStoreReader reader, IndexTail tail, FrameCipher? cipher, int[] packs)
    {
        Name = name;
        _reader = reader;
        Tail = tail;
        _cipher = cipher;
        _packs = packs;
    }

    public ObjectName Name { get; }

    public IndexTail Tail { get; }

    /// <summary>Opens it, with its packs numbered in the table.</summary>
    public static async Task<IndexObject> OpenAsync(ChunkRoom room, ObjectName name, PackTable table, ReadPurpose purpose, CancellationToken cancellation)
    {
        var reader = await OpenReaderAsync(room, name, purpose, cancellation);
        try
        {
            var tail = await ReadTailAsync(room, name, reader, cancellation);
            var cipher = tail.KeyId.Length == 0 ? null : new FrameCipher(room.Key(tail.KeyId, room.Names.Index(name)).Secret, tail.Salt, FrameCipher.Indexes);
            return new IndexObject(name, reader, tail, cipher, [.. tail.Packs.Select(table.Number)]);
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    /// <summary>The tail alone: needs no key.</summary>
    public static async Task<IndexTail> ReadTailAsync(ChunkRoom room, ObjectName name, CancellationToken cancellation)
    {
        await using var reader = await OpenReaderAsync(room, name, ReadPurpose.Ordinary, cancellation);
        return await ReadTailAsync(room, name, reader, cancellation);
    }

    public async ValueTask<IndexRecord[]> ReadPageAsync(int number, LeafCodec codec, CancellationToken cancellation)
    {
        var page = Tail.Pages[number];
        var frame = new byte[StoredForm.Length(page.Stored)];
        try
        {
            if (await _reader.ReadAsync(page.Offset, frame, cancellation) != frame.Length || LeafHash.Read(SHA256.HashData(frame)) != page.Hash)
                throw Damaged(page);
        }
        catch (ChunkException e) when (e is { Extent: null, Code: ChunkCodes.Damaged or ChunkCodes.Missing })
        {
            throw Damaged(page, e);
        }
        ReadOnlySpan<byte> packed = frame;
        if (_cipher is not null)
        {
            if (!_cipher.TryDecrypt((uint)number, frame, frame, []))
                throw Damaged(page);
            packed = packed[..^FrameCipher.TagBytes];
        }
        var plain = new byte[page.PlainBytes];
        if (!codec.TryDecompress(StoredForm.Coding(page.Stored), packed, plain) || IndexPage.Read(plain, _packs) is not { } records)
            throw Damaged(page);
        return records;
    }

    public async ValueTask DisposeAsync()
    {
        _cipher?.Dispose();
        await _reader.DisposeAsync();
    }

    private static async Task<IndexTail> ReadTailAsync(ChunkRoom room, ObjectName name, IStoreReader reader, CancellationToken cancellation)
    {
        try
        {
            var last = new byte[12];
            if (reader.Length >= IndexTail.FixedBytes + 8 && await reader.ReadAsync(reader.Length - 12, last, cancellation) == 12
                && IndexTail.Length(last) is > 0 and var length && length <= reader.Length)
            {
                var bytes = new byte[length];
                if (await reader.ReadAsync(reader.Length - length, bytes, cancellation) == length && IndexTail.Read(bytes, name.Hash, reader.Length) is { } tail)
                    return tail;
            }
            throw ChunkTexts.Damaged(room.Names.Index(name), "its tail is not the one that its name stands for");
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Missing)
        {
            throw Of(name, e);
        }
    }

    private static ChunkException Of(ObjectName name, ChunkException fault) => new(fault.Code, fault.Message, fault.Remedy, inner: fault) { Index = name };

    private static async Task<IStoreReader> OpenReaderAsync(ChunkRoom room, ObjectName name, ReadPurpose purpose, CancellationToken cancellation)
    {
        try
        {
            return await room.OpenAsync(room.Names.Index(name), purpose, cancellation);
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Missing)
        {
            throw Of(name, e);
        }
    }

    private ChunkException Damaged(IndexPageEntry page, ChunkException? why = null) => new(why?.Code ?? ChunkCodes.Damaged,
        $"The index '{Name}' is damaged where it tells of leaves {page.First} to {page.Last}.{(why is null ? "" : " " + why.Message)}", "Take the object from another copy of the store.",
        new DiskExtent((long)page.First * Tail.LeafBytes, ((long)page.Last - page.First + 1) * Tail.LeafBytes), why);
}
