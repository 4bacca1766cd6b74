namespace SnapshotWorkflows.Secondary;

/// <summary>
/// Write-once objects on secondary storage. An object appears whole or not at all, is never overwritten, and is durable when the call that made it returns.
/// </summary>
/// <remarks>
/// Names are relative, with '/' between segments (<see cref="StoreName"/>). Every method throws <see cref="SecondaryStoreException"/> with a code;
/// a store that cannot be reached never answers "missing", "deleted" or an empty listing.
/// </remarks>
public interface ISecondaryStore
{
    /// <summary>The destination's configured name, for messages and receipts.</summary>
    string Name { get; }

    /// <summary>Pre-flight: is the store there, can it be written to, and how much is free? Findings are returned, not thrown.</summary>
    Task<StoreCheck> CheckAsync(CancellationToken cancellation);

    /// <summary>
    /// Creates the object, or finds that one of that name exists and leaves it as it is. Of any number of concurrent writers exactly one gets <see cref="PutOutcome.Created"/>.
    /// Whether the existing content is the same is for the caller to find out (<see cref="FindAsync"/>, or a read and a hash).
    /// </summary>
    Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation);

    /// <inheritdoc cref="PutAsync(string, ReadOnlyMemory{byte}, CancellationToken)"/>
    /// <param name="content">Read to its end once, forward only; not read at all where the object exists already.</param>
    Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation);

    /// <summary>Length and tag of an object; null where there is none.</summary>
    Task<StoreObject?> FindAsync(string name, CancellationToken cancellation);

    /// <summary>Opens an object for random-access reads.</summary>
    /// <exception cref="SecondaryStoreException"><c>store.missing</c>.</exception>
    Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation);

    /// <summary>Objects whose name begins with the prefix (any text, may end within a segment), in ordinal order of their names.</summary>
    /// <remarks>
    /// An enumeration that ends without an exception was complete; one that could not be completed throws, it never just ends.
    /// Unfinished writes and entries that no <see cref="StoreName"/> can name (hidden files, odd characters) are no objects and are not listed.
    /// </remarks>
    IAsyncEnumerable<StoreObject> ListAsync(string prefix, CancellationToken cancellation);

    /// <summary>Deletes an object for good. Gone already is success.</summary>
    Task DeleteAsync(string name, CancellationToken cancellation);

    /// <summary>Removes what writers that died left behind under the prefix and did not touch since the given time. Never removes an object.</summary>
    /// <returns>How many leftovers were removed.</returns>
    Task<int> SweepUnfinishedAsync(string prefix, DateTimeOffset untouchedSince, CancellationToken cancellation);
}
