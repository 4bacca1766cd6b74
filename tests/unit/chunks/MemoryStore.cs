using System.Runtime.CompilerServices;
using SnapshotWorkflows.Secondary;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>A store in memory, with a gate before and after each call: tests count, refuse, delay and kill there.</summary>
internal sealed class MemoryStore : ISecondaryStore
{
    private readonly SortedDictionary<string, byte[]> _objects;

    /// <param name="same">Another store whose objects this one shows too; its gates are its own.</param>
    public MemoryStore(MemoryStore? same = null) => _objects = same?._objects ?? new(StringComparer.Ordinal);

    public string Name => "memory";

    /// <summary>Awaited before each call takes effect.</summary>
    public Func<StoreCall, Task>? Before { get; set; }

    /// <summary>Called when it has, with the answer in words: it may yet be lost.</summary>
    public Action<StoreCall, string>? After { get; set; }

    public IReadOnlyDictionary<string, byte[]> Objects
    {
        get
        {
            lock (_objects)
                return new SortedDictionary<string, byte[]>(_objects, StringComparer.Ordinal);
        }
    }

    public IEnumerable<string> Names(string prefix)
    {
        lock (_objects)
            return [.. _objects.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal))];
    }

    /// <summary>Damages an object behind the repository's back.</summary>
    public void Replace(string name, byte[] bytes)
    {
        lock (_objects)
            _objects[name] = bytes;
    }

    public void Remove(string name)
    {
        lock (_objects)
            _objects.Remove(name);
    }

    public MemoryStore Copy()
    {
        var copy = new MemoryStore();
        foreach (var (name, bytes) in Objects)
            copy._objects.Add(name, [.. bytes]);
        return copy;
    }

    public Task<StoreCheck> CheckAsync(CancellationToken cancellation) => Task.FromResult(new StoreCheck(null, true, 1, 1, null));

    public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) => CallAsync("put", name, content.Length, () =>
        _objects.TryAdd(name, content.ToArray()) ? PutOutcome.Created : PutOutcome.AlreadyExists, cancellation);

    /// <summary>Streams whose bytes a store could not take in one call, though they lie in memory.</summary>
    public List<string> Streamed { get; } = [];

    public async Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation)
    {
        if (StagedStream.InMemory(content) is null)
            Streamed.Add(name);
        var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, cancellation);
        return await PutAsync(name, bytes.ToArray(), cancellation);
    }

    public Task<StoreObject?> FindAsync(string name, CancellationToken cancellation) => CallAsync("find", name, 0, () => _objects.TryGetValue(name, out var bytes) ? Describe(name, bytes) : null, cancellation);

    public Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation) => CallAsync("open", name, 0, () => _objects.TryGetValue(name, out var bytes)
        ? (IStoreReader)new Reader(bytes) : throw new SecondaryStoreException(StoreCodes.Missing, $"'{name}' is not there.", ""), cancellation);

    public async IAsyncEnumerable<StoreObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var one in await CallAsync("list", prefix, 0, () => _objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(o => Describe(o.Key, o.Value)).ToList(), cancellation))
            yield return one;
    }

    public async Task DeleteAsync(string name, CancellationToken cancellation) => await CallAsync("delete", name, 0, () => _objects.Remove(name), cancellation);

    public Task<int> SweepUnfinishedAsync(string prefix, DateTimeOffset untouchedSince, CancellationToken cancellation) => Task.FromResult(0);

    private async Task<T> CallAsync<T>(string kind, string name, int bytes, Func<T> effect, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var call = new StoreCall(kind, name, bytes);
        if (Before is { } before)
            await before(call);
        T result;
        try
        {
            lock (_objects)
                result = effect();
        }
        catch (SecondaryStoreException e)
        {
            After?.Invoke(call, e.Code);
            throw;
        }
        After?.Invoke(call, After is null ? "" : Words(result));
        return result;
    }

    private static string Words(object? answer) => answer switch
    {
        null => "null",
        StoreObject found => found.Length.ToString(),
        Reader reader => reader.Words,
        List<StoreObject> listed => string.Join(',', listed.Select(o => o.Name)),
        var other => other.ToString()!,
    };

    private static StoreObject Describe(string name, byte[] bytes) => new(name, bytes.Length, "", default);

    private sealed class Reader(byte[] bytes) : IStoreReader
    {
        private readonly MemorySource _source = new(bytes);

        public string Words => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes));

        public long Length => bytes.Length;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation) => _source.ReadAsync(offset, buffer, cancellation);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

internal sealed record StoreCall(string Kind, string Name, int Bytes)
{
    public bool Changes => Kind is "put" or "delete";
}
