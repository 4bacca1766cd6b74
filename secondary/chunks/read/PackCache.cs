using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>Packs that are open for reading, by number; the ones not used for longest are closed. Safe for many threads.</summary>
internal sealed class PackCache(ChunkRoom room, PackTable packs, ReadPurpose purpose, int most = 64) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, OpenPack> _open = [];
    private long _clock;

    /// <summary>Opens the pack, or finds it open. To be given back by <see cref="Return"/>.</summary>
    public async ValueTask<OpenPack> RentAsync(int number, CancellationToken cancellation)
    {
        OpenPack? pack;
        var surplus = new List<OpenPack>();
        lock (_gate)
        {
            if (!_open.TryGetValue(number, out pack))
            {
                if (_open.Count >= most && _open.Values.Where(p => p.Users == 0).MinBy(p => p.LastUse) is { } oldest)
                {
                    _open.Remove(oldest.Number);
                    surplus.Add(oldest);
                }
                _open.Add(number, pack = new OpenPack(room, number, packs.Name(number), purpose));
            }
            pack.Users++;
            pack.LastUse = ++_clock;
        }
        foreach (var one in surplus)
            await one.DisposeAsync();
        try
        {
            await pack.OpenAsync(cancellation);
            return pack;
        }
        catch
        {
            Return(pack);
            throw;
        }
    }

    public ObjectName NameOf(int number) => packs.Name(number);

    public void Return(OpenPack pack)
    {
        lock (_gate)
            pack.Users--;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pack in _open.Values)
            await pack.DisposeAsync();
        _open.Clear();
    }
}

/// <summary>One open pack.</summary>
internal sealed class OpenPack(ChunkRoom room, int number, ObjectName name, ReadPurpose purpose) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private readonly Lock _deciphering = new();
    private IStoreReader? _reader;
    private PackTail? _tail;
    private FrameCipher? _cipher;

    public int Number => number;

    /// <summary>Under the cache's lock.</summary>
    public int Users { get; set; }

    /// <summary>Under the cache's lock.</summary>
    public long LastUse { get; set; }

    public IRandomAccessSource Reader => _reader!;

    public async ValueTask OpenAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _reader) is not null)
            return;
        await _opening.WaitAsync(cancellation);
        try
        {
            if (_reader is not null)
                return;
            var reader = await room.OpenAsync(room.Names.Pack(name), purpose, cancellation);
            try
            {
                if (room.Keys is not null)
                {
                    _tail = await PackReading.TailAsync(room, name, reader, cancellation);
                    _cipher = new FrameCipher(room.Key(_tail.KeyId, room.Names.Pack(name)).Secret, _tail.Salt, FrameCipher.Packs);
                }
            }
            catch
            {
                await reader.DisposeAsync();
                throw;
            }
            Volatile.Write(ref _reader, reader);
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Undoes the encryption of the frame that begins at the offset, in place; nothing to do where the repository is not encrypted.</summary>
    /// <returns>Length of what is left; -1 where the bytes are not what was encrypted.</returns>
    public int Decrypt(uint offset, Span<byte> frame)
    {
        if (_cipher is null)
            return frame.Length;
        var entry = _tail!.Find(offset);
        if (entry < 0)
            return -1;
        // One cipher at a time: it keeps state while it works.
        lock (_deciphering)
            return _cipher.TryDecrypt((uint)entry, frame, frame, _tail.Entries[entry].Id.Span) ? frame.Length - FrameCipher.TagBytes : -1;
    }

    public async ValueTask DisposeAsync()
    {
        _cipher?.Dispose();
        if (_reader is not null)
            await _reader.DisposeAsync();
        _opening.Dispose();
    }
}
