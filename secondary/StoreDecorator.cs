namespace SnapshotWorkflows.Secondary;

/// <summary>What is done with a store, as decorators see it.</summary>
public enum StoreOperation
{
    Check,
    Find,
    Open,
    Read,
    Put,
    Delete,
    Stage,
    Commit,
    Discard,
    Sweep,
    List,
}

/// <summary>One call on its way to the store.</summary>
/// <param name="Bytes">Content that the call carries, up or down; 0 where none or not known before.</param>
/// <param name="Repeatable">Doing it twice is the same as doing it once, and the outcome of the second time is true.</param>
public readonly record struct StoreCall(StoreOperation Operation, long Bytes, bool Repeatable);

/// <summary>A store around a store: every call but listings goes through <see cref="AroundAsync"/>, readers and staged objects too. Needs an inner store that can stage.</summary>
public abstract class StoreDecorator : ISecondaryStore, IStagedObjects, IMarkedPuts
{
    private readonly IStagedObjects _staging;
    private readonly IMarkedPuts? _marked;

    protected StoreDecorator(ISecondaryStore inner)
    {
        Inner = inner;
        _staging = inner as IStagedObjects ?? throw new ArgumentException($"The store '{inner.Name}' cannot stage.", nameof(inner));
        _marked = inner is IMarkedPuts { KeepsMarks: true } marked ? marked : null;
    }

    public string Name => Inner.Name;

    public bool KeepsMarks => _marked is not null;

    protected ISecondaryStore Inner { get; }

    public virtual Task<StoreCheck> CheckAsync(CancellationToken cancellation) =>
        AroundAsync(new StoreCall(StoreOperation.Check, 0, Repeatable: false), Inner.CheckAsync, cancellation);

    public virtual Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        AroundAsync(new StoreCall(StoreOperation.Put, content.Length, Repeatable: false), token => Inner.PutAsync(name, content, token), cancellation);

    public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, string mark, CancellationToken cancellation) =>
        AroundAsync(new StoreCall(StoreOperation.Put, content.Length, Repeatable: true), token => _marked!.PutAsync(name, content, mark, token), cancellation);

    public virtual Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation) =>
        AroundAsync(new StoreCall(StoreOperation.Put, Length(content), Repeatable: false), token => Inner.PutAsync(name, content, token), cancellation);

    public Task<StoreObject?> FindAsync(string name, CancellationToken cancellation) =>
        AroundAsync(new StoreCall(StoreOperation.Find, 0, Repeatable: true), token => Inner.FindAsync(name, token), cancellation);

    public async Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation) =>
        new Reader(this, await AroundAsync(new StoreCall(StoreOperation.Open, 0, Repeatable: true), token => Inner.OpenAsync(name, purpose, token), cancellation));

    /// <remarks>Not by <see cref="AroundAsync"/>: a listing is no one call, and its reader may ask for other things before it ends. Who has something to do with it overrides this.</remarks>
    public virtual IAsyncEnumerable<StoreObject> ListAsync(string prefix, CancellationToken cancellation) => Inner.ListAsync(prefix, cancellation);

    public Task DeleteAsync(string name, CancellationToken cancellation) =>
        AroundAsync(new StoreCall(StoreOperation.Delete, 0, Repeatable: true), token => Void(Inner.DeleteAsync(name, token)), cancellation);

    public Task<int> SweepUnfinishedAsync(string prefix, DateTimeOffset untouchedSince, CancellationToken cancellation) =>
        AroundAsync(new StoreCall(StoreOperation.Sweep, 0, Repeatable: true), token => Inner.SweepUnfinishedAsync(prefix, untouchedSince, token), cancellation);

    public async Task<IStagedObject> OpenStagedAsync(string name, string session, CancellationToken cancellation) =>
        new Staged(this, await AroundAsync(new StoreCall(StoreOperation.Open, 0, Repeatable: true), token => _staging.OpenStagedAsync(name, session, token), cancellation));

    public Task DiscardStagedAsync(string name, CancellationToken cancellation) =>
        AroundAsync(new StoreCall(StoreOperation.Discard, 0, Repeatable: true), token => Void(_staging.DiscardStagedAsync(name, token)), cancellation);

    /// <summary>Does the call, as often and as soon as the decorator sees fit.</summary>
    protected abstract Task<T> AroundAsync<T>(StoreCall call, Func<CancellationToken, Task<T>> act, CancellationToken cancellation);

    // A pack comes as a stream over memory; of what cannot be told before, the decorator is told nothing.
    private static long Length(Stream content) => content.CanSeek ? content.Length - content.Position : 0;

    private static async Task<bool> Void(Task task)
    {
        await task;
        return true;
    }

    private sealed class Reader(StoreDecorator store, IStoreReader inner) : IStoreReader
    {
        public long Length => inner.Length;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation) => new(store.AroundAsync(
            new StoreCall(StoreOperation.Read, Math.Clamp(Length - offset, 0, buffer.Length), Repeatable: true), token => inner.ReadAsync(offset, buffer, token).AsTask(), cancellation));

        public ValueTask<int> ReadAsync(long offset, Memory<byte> head, Memory<byte> rest, CancellationToken cancellation) => new(store.AroundAsync(
            new StoreCall(StoreOperation.Read, Math.Clamp(Length - offset, 0, head.Length + (long)rest.Length), Repeatable: true),
            token => inner.ReadAsync(offset, head, rest, token).AsTask(), cancellation));

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Staged(StoreDecorator store, IStagedObject inner) : IStagedObject
    {
        public bool Holds(StagedPart part) => inner.Holds(part);

        public Task WriteAsync(StagedPart part, IReadOnlyList<ReadOnlyMemory<byte>> content, CancellationToken cancellation) => store.AroundAsync(
            new StoreCall(StoreOperation.Stage, part.Length, Repeatable: true), token => Void(inner.WriteAsync(part, content, token)), cancellation);

        public Task<PutOutcome> CommitAsync(IReadOnlyList<StagedPart> parts, CancellationToken cancellation) => store.AroundAsync(
            new StoreCall(StoreOperation.Commit, 0, Repeatable: true), token => inner.CommitAsync(parts, token), cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
