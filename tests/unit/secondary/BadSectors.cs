using SnapshotWorkflows.Secondary;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

/// <summary>A store of which parts cannot be read: <c>store.io</c>, as a bad sector and a <c>soft</c> mount without its server say alike (EIO).</summary>
internal sealed class BadSectors(ISecondaryStore inner) : ISecondaryStore
{
    private readonly Dictionary<string, int> _passed = new(StringComparer.Ordinal);

    public string Name => inner.Name;

    /// <summary>Whether reading these bytes of the object fails; asked at its opening too, with no bytes.</summary>
    public Func<string, long, int, bool> IsBad { get; set; } = (_, _, _) => false;

    public int Failures { get; private set; }

    public void Bad(string name) => IsBad = (one, _, _) => one == name;

    public void Bad(string name, long from, long to) => IsBad = (one, offset, length) => one == name && offset < to && offset + length > from;

    /// <summary>Each object fails that many times, and is well then.</summary>
    public void Passing(int times) => IsBad = (one, _, _) => (_passed[one] = _passed.GetValueOrDefault(one) + 1) <= times;

    public Task<StoreCheck> CheckAsync(CancellationToken cancellation) => inner.CheckAsync(cancellation);

    public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) => inner.PutAsync(name, content, cancellation);

    public Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation) => inner.PutAsync(name, content, cancellation);

    public Task<StoreObject?> FindAsync(string name, CancellationToken cancellation) => inner.FindAsync(name, cancellation);

    public async Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation)
    {
        var reader = await inner.OpenAsync(name, purpose, cancellation);
        Demand(name, 0, 0);
        return new Reader(this, name, reader);
    }

    public IAsyncEnumerable<StoreObject> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

    public Task DeleteAsync(string name, CancellationToken cancellation) => inner.DeleteAsync(name, cancellation);

    public Task<int> SweepUnfinishedAsync(string prefix, DateTimeOffset untouchedSince, CancellationToken cancellation) => inner.SweepUnfinishedAsync(prefix, untouchedSince, cancellation);

    private void Demand(string name, long offset, int length)
    {
        lock (_passed)
        {
            if (!IsBad(name, offset, length))
                return;
            Failures++;
        }
        throw new SecondaryStoreException(StoreCodes.Io, $"Reading '{name}' on '{Name}' failed: Input/output error.", "Look at the mount and the kernel's log.");
    }

    private sealed class Reader(BadSectors store, string name, IStoreReader inner) : IStoreReader
    {
        public long Length => inner.Length;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            store.Demand(name, offset, buffer.Length);
            return inner.ReadAsync(offset, buffer, cancellation);
        }

        public ValueTask<int> ReadAsync(long offset, Memory<byte> head, Memory<byte> rest, CancellationToken cancellation)
        {
            store.Demand(name, offset, head.Length + rest.Length);
            return inner.ReadAsync(offset, head, rest, cancellation);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
