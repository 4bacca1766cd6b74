using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>What a copy is to become.</summary>
public sealed record VhdCopyRequest
{
    /// <summary>Name of the object.</summary>
    public required string Location { get; init; }

    /// <summary>Names the content (<see cref="IStagedObjects.OpenStagedAsync"/>): the same for every attempt at the same disk.</summary>
    public required string Session { get; init; }

    /// <summary>The VHD's own uuid; the same at every attempt, or nothing of an earlier one's first part can be used.</summary>
    public required Guid UniqueId { get; init; }

    /// <summary>The VHD's own time; the same at every attempt.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Most memory for bytes under way. Default 96 MiB; a disk of 2040 GiB takes 92 MiB whatever is said here, for its parts are as large as 50,000 of them must be.</summary>
    public int BufferBytesMax { get; init; } = 96 << 20;
}

/// <summary>What a copy did.</summary>
/// <param name="Digest">Of the disk, taken as it was read.</param>
/// <param name="DataBytes">Length of the VHD.</param>
/// <param name="SentBytes">Bytes that this attempt sent to the store.</param>
/// <param name="KeptBytes">Bytes that an earlier attempt had sent and this one need not.</param>
/// <param name="Outcome">Whether this attempt made the object.</param>
public sealed record VhdCopyReceipt(DiskDigest Digest, long DataBytes, int AllocatedBlocks, long SentBytes, long KeptBytes, PutOutcome Outcome);

/// <summary>
/// A disk into a dynamic VHD on any store, in one pass: read, look for zeros, hash, stage; several parts under way at once, memory bounded. A VHD's table comes before its data and is
/// known after it: it is the object's first part and is staged last. Blocks follow in the order in which the source gives them, so a repeated pass over the same source gives the same
/// parts, and those that the store holds from an earlier life are not sent again.
/// </summary>
/// <remarks>
/// A process that dies loses at most 64 MiB of what it sent. Cancelling leaves the parts for the next attempt; <see cref="IStagedObjects.DiscardStagedAsync"/> takes them away.
/// Where the object exists already (an attempt died after its last call), the source is read and hashed only, the length is compared, and what is still staged of it is discarded.
/// </remarks>
public static class VhdCopy
{
    /// <summary>From an export of xapi: a dynamic VHD as a forward-only stream.</summary>
    /// <exception cref="VhdException">The stream is cut short or no VHD.</exception>
    public static async Task<VhdCopyReceipt> FromVhdStreamAsync(
        ISecondaryStore store, VhdCopyRequest request, Stream vhd, IProgress<DiskProgress>? progress, CancellationToken cancellation)
    {
        var reader = await VhdStreamReader.OpenAsync(vhd, cancellation);
        return await RunAsync(store, request, reader.DiskBytes, reader.PiecesAsync, progress, cancellation);
    }

    /// <summary>From a raw disk as a forward-only stream of exactly the disk's bytes.</summary>
    /// <exception cref="DiskContentException"><c>disk.short</c>, <c>disk.long</c>.</exception>
    public static Task<VhdCopyReceipt> FromRawStreamAsync(
        ISecondaryStore store, VhdCopyRequest request, Stream raw, long diskBytes, IProgress<DiskProgress>? progress, CancellationToken cancellation) =>
        RunAsync(store, request, diskBytes, (buffers, token) => DiskHasher.PiecesAsync(raw, diskBytes, buffers, token), progress, cancellation);

    /// <summary>From a disk that can be read at random (a file, another VHD, NBD): holes are not read, and several reads are under way at once.</summary>
    /// <exception cref="DiskContentException"><c>disk.short</c>.</exception>
    public static Task<VhdCopyReceipt> FromDiskAsync(
        ISecondaryStore store, VhdCopyRequest request, ISparseDisk disk, IProgress<DiskProgress>? progress, CancellationToken cancellation) =>
        RunAsync(store, request, disk.DiskBytes, (buffers, token) => ReadAhead.PiecesAsync(disk, buffers, token), progress, cancellation);

    private static async Task<VhdCopyReceipt> RunAsync(
        ISecondaryStore store, VhdCopyRequest request, long diskBytes, Func<BufferPool, CancellationToken, IAsyncEnumerable<DiskPiece>> pieces,
        IProgress<DiskProgress>? progress, CancellationToken cancellation)
    {
        var layout = new VhdCopyLayout(diskBytes, request);
        if (await store.FindAsync(request.Location, cancellation) is { } there)
        {
            var receipt = await new VhdCopyRun(layout, staged: null, progress).RunAsync(pieces, there, cancellation);
            // An attempt that died between the object's name and its end: what it staged is a second name of the object by now, and would keep its space when that is deleted.
            if (store is IStagedObjects staged)
                await staged.DiscardStagedAsync(request.Location, cancellation);
            return receipt;
        }
        var staging = store as IStagedObjects ?? throw new ArgumentException($"The store '{store.Name}' cannot stage.", nameof(store));
        await using var parts = await staging.OpenStagedAsync(request.Location, request.Session, cancellation);
        return await new VhdCopyRun(layout, parts, progress).RunAsync(pieces, there: null, cancellation);
    }
}
