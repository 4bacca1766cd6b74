using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Secondary.Vhd;

namespace SnapshotWorkflows.Secondary.Copies;

/// <summary>A backup opened for reading: whatever format it has, whatever store holds it. One reader at a time where the format is chunks.</summary>
/// <remarks>
/// Of chunks every read is checked, leaf by leaf. A VHD has no checksums of its data: only the whole disk can be held against the manifest, as <see cref="OpenRaw"/> and <see cref="OpenVhd"/> do.
/// </remarks>
public sealed class CopyDisk : ISparseDisk, IRandomAccessSource, IAsyncDisposable
{
    private readonly ISparseDisk _disk;
    private readonly IAsyncDisposable _owned;

    private CopyDisk(SnapshotManifest manifest, ISparseDisk disk, IAsyncDisposable owned) => (Manifest, _disk, _owned) = (manifest, disk, owned);

    public SnapshotManifest Manifest { get; }

    public long DiskBytes => _disk.DiskBytes;

    public long Length => _disk.DiskBytes;

    /// <summary>Whether each read is checked by itself, so that a part of the disk can be trusted without reading all of it.</summary>
    public bool ChecksEveryRead => Manifest.Format == SnapshotManifest.ChunksFormat;

    /// <exception cref="SecondaryException">The copy is missing, damaged, of another size than its manifest says, or of a format that is not known.</exception>
    public static async Task<CopyDisk> OpenAsync(SecondaryDestination destination, SnapshotManifest manifest, TimeProvider time, CancellationToken cancellation)
    {
        var copy = manifest.Format switch
        {
            SnapshotManifest.VhdFormat => await OfVhdAsync(destination.Store, manifest, cancellation),
            SnapshotManifest.ChunksFormat => await OpenChunksAsync(destination, manifest, time, cancellation),
            var other => throw new ManifestException("manifest.format", $"The format '{other}' is not known here.", "A newer version wrote it: update this service."),
        };
        if (copy.DiskBytes == manifest.DiskBytes)
            return copy;
        await copy.DisposeAsync();
        throw new DiskContentException("restore.size", $"The copy's disk has {copy.DiskBytes} bytes, the manifest says {manifest.DiskBytes}.", "The data is not what the manifest stands for: take another copy.");
    }

    public bool MayHoldData(long offset, long length) => _disk.MayHoldData(offset, length);

    public IAsyncEnumerable<DiskExtent> ExtentsAsync(CancellationToken cancellation) => _disk.ExtentsAsync(cancellation);

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation) => _disk.ReadAsync(offset, buffer, cancellation);

    /// <summary>The whole disk, from its first byte to its last, holes as zeros. Fails before its last 2 MiB where what was read is not the disk that the manifest stands for.</summary>
    public CopyStream OpenRaw() => new(this, null);

    /// <summary>The same as a dynamic VHD, whose length is known and in which holes take no room: what a pool imports.</summary>
    /// <param name="uniqueId">The VHD's own id.</param>
    public CopyStream OpenVhd(Guid uniqueId) => new(this, VhdFront.Of(_disk, new VhdWriteOptions { DiskBytes = DiskBytes, UniqueId = uniqueId, Timestamp = Manifest.CreatedAt }));

    public ValueTask DisposeAsync() => _owned.DisposeAsync();

    private static async Task<CopyDisk> OfVhdAsync(ISecondaryStore store, SnapshotManifest manifest, CancellationToken cancellation)
    {
        var source = await store.OpenAsync(manifest.Location, ReadPurpose.Ordinary, cancellation);
        try
        {
            return new CopyDisk(manifest, await VhdReader.OpenAsync(source, cancellation), source);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    private static async Task<CopyDisk> OpenChunksAsync(SecondaryDestination destination, SnapshotManifest manifest, TimeProvider time, CancellationToken cancellation)
    {
        var repository = await destination.OpenRepositoryAsync(time, cancellation);
        var snapshot = await repository.FindAsync(manifest.SnapshotId, cancellation)
            ?? throw new ChunkException(ChunkCodes.NoSnapshot, $"The repository on '{destination.Name}' has no snapshot {manifest.SnapshotId}, though its manifest is there.", "Verify the repository. If somebody deleted it there, restore from another copy of the store.");
        if (snapshot.Root != manifest.Root)
            throw new DiskContentException("restore.root", $"The repository's snapshot has the root {snapshot.Root}, the manifest's is {manifest.Root}.", "The data is not what the manifest stands for: take another copy.");
        var disk = await repository.OpenDiskAsync(snapshot.Snapshot, cancellation);
        return new CopyDisk(manifest, disk, disk);
    }
}
