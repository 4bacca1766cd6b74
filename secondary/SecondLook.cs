namespace SnapshotWorkflows.Secondary;

/// <summary>
/// Tells an object that cannot be read (a bad sector below it) from a store that cannot be reached. Both are <c>store.io</c>: a <c>soft</c> mount answers EIO when its server is away (nfs(5)), and of what a proxy says
/// instead of a blob service nothing is known. So what failed is done once more, between two reads of another object: only where that one can be read both times is the first unreadable.
/// </summary>
/// <param name="witness">Name of the other object. It is read past the page cache, which on NFS asks the server; without that close-to-open consistency does (no <c>nocto</c>).</param>
internal sealed class SecondLook(ISecondaryStore store, string witness)
{
    /// <summary>Opens the object; its reads are looked at again too.</summary>
    /// <exception cref="SecondaryStoreException"><c>store.unreadable</c>; <c>store.unavailable</c> where the witness cannot be read either.</exception>
    public async Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation)
    {
        try
        {
            return new Reader(this, name, await store.OpenAsync(name, purpose, cancellation));
        }
        catch (SecondaryStoreException e) when (Doubts(e, name))
        {
            return new Reader(this, name, await AgainAsync(name, null, e, again => Task.FromResult(again), keep: true, cancellation));
        }
    }

    // Of itself the witness tells nothing.
    private bool Doubts(SecondaryStoreException failure, string name) => failure.Code == StoreCodes.Io && name != witness;

    private async Task<T> AgainAsync<T>(string name, long? offset, SecondaryStoreException failure, Func<IStoreReader, Task<T>> act, bool keep, CancellationToken cancellation)
    {
        await DemandAnswerAsync(failure, cancellation);
        IStoreReader? reader = null;
        try
        {
            reader = await store.OpenAsync(name, ReadPurpose.Verification, cancellation);
            var result = await act(reader);
            if (keep)
                reader = null;
            return result;
        }
        catch (SecondaryStoreException again) when (again.Code == StoreCodes.Io)
        {
            await DemandAnswerAsync(again, cancellation);
            var where = offset is { } at ? $" from byte {at} on" : "";
            throw new SecondaryStoreException(StoreCodes.Unreadable, $"'{name}' cannot be read{where}, though '{witness}' beside it can. {again.Message}",
                "Take the object from another copy of the store, and look at the disks below the store.", again);
        }
        finally
        {
            if (reader is not null)
                await reader.DisposeAsync();
        }
    }

    private async Task DemandAnswerAsync(SecondaryStoreException failure, CancellationToken cancellation)
    {
        try
        {
            await using var other = await store.OpenAsync(witness, ReadPurpose.Verification, cancellation);
            await other.ReadAsync(0, new byte[1], cancellation);
        }
        catch (SecondaryStoreException)
        {
            throw new SecondaryStoreException(StoreCodes.Unavailable, $"{failure.Message} Nor can '{witness}' be read: it is the store that is in trouble, and nothing is said of the object.", failure.Remedy, failure);
        }
    }

    private sealed class Reader(SecondLook look, string name, IStoreReader inner) : IStoreReader
    {
        public long Length => inner.Length;

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            try
            {
                return await inner.ReadAsync(offset, buffer, cancellation);
            }
            catch (SecondaryStoreException e) when (look.Doubts(e, name))
            {
                return await look.AgainAsync(name, offset, e, async again => await again.ReadAsync(offset, buffer, cancellation), keep: false, cancellation);
            }
        }

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> head, Memory<byte> rest, CancellationToken cancellation)
        {
            try
            {
                return await inner.ReadAsync(offset, head, rest, cancellation);
            }
            catch (SecondaryStoreException e) when (look.Doubts(e, name))
            {
                return await look.AgainAsync(name, offset, e, async again => await again.ReadAsync(offset, head, rest, cancellation), keep: false, cancellation);
            }
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
