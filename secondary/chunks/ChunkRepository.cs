using SnapshotWorkflows.Secondary.Chunks.Collect;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Keys;
using SnapshotWorkflows.Secondary.Chunks.Read;
using SnapshotWorkflows.Secondary.Chunks.Repository;
using SnapshotWorkflows.Secondary.Chunks.Write;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Pipeline;
using SnapshotWorkflows.Secondary.Restore;
using SnapshotWorkflows.Secondary.Vhd;

namespace SnapshotWorkflows.Secondary.Chunks;

/// <summary>
/// A repository of chunks on a store: many snapshots of many disks, equal data stored once, no chains (docs/formats/chunks.md). Any number of processes may use one at once. Every read is checked:
/// wrong bytes are never returned.
/// </summary>
public sealed class ChunkRepository
{
    private readonly ChunkRoom _room;
    private readonly SnapshotCatalog _catalog;

    private ChunkRepository(ChunkRoom room)
    {
        _room = room;
        _catalog = new SnapshotCatalog(room);
    }

    internal ChunkRoom Room => _room;

    /// <summary>Opens the repository under the options' prefix, and makes one where there is none.</summary>
    /// <param name="keys">Given: the repository is, or becomes, encrypted. A current key that it does not know yet is added (a rotation).</param>
    /// <exception cref="ChunkException"><c>chunks.key</c>, <c>chunks.newer</c>, <c>chunks.damaged</c>, <c>chunks.refused</c>.</exception>
    public static Task<ChunkRepository> OpenOrCreateAsync(ISecondaryStore store, ChunkOptions options, ChunkKeyRing? keys, TimeProvider time, CancellationToken cancellation) =>
        OpenAsync(store, options, keys, time, create: true, cancellation);

    /// <summary>Opens the repository under the options' prefix.</summary>
    /// <exception cref="ChunkException"><c>chunks.no-repository</c>, and those of <see cref="OpenOrCreateAsync"/>.</exception>
    public static Task<ChunkRepository> OpenAsync(ISecondaryStore store, ChunkOptions options, ChunkKeyRing? keys, TimeProvider time, CancellationToken cancellation) =>
        OpenAsync(store, options, keys, time, create: false, cancellation);

    /// <summary>Makes a snapshot of a disk that can be read at random. A source that knows its holes (<see cref="ISparseDisk"/>) is not read there.</summary>
    /// <returns>The snapshot, durable; the same call again finds it. After a crash the same call goes on with what the store holds.</returns>
    /// <exception cref="ChunkException">See <see cref="ChunkCodes"/>.</exception>
    /// <exception cref="DiskContentException"><c>disk.short</c>: the source ended early.</exception>
    public async Task<ChunkSnapshot> WriteAsync(ChunkSnapshotRequest request, IRandomAccessSource source, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        try
        {
            return await WriteAsync(request, new RandomSource(source), progress, cancellation);
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Missing && !request.BaselineDamaged)
        {
            // The baseline's index turned out to be damaged on the way. What was stored by now is found again.
            return await WriteAsync(request with { BaselineDamaged = true }, new RandomSource(source), progress, cancellation);
        }
    }

    /// <summary>Makes a snapshot of a sparse disk, such as an open VHD.</summary>
    public async Task<ChunkSnapshot> WriteAsync(ChunkSnapshotRequest request, ISparseDisk disk, IProgress<TransferProgress>? progress, CancellationToken cancellation) =>
        await WriteAsync(request, disk as IRandomAccessSource ?? new SparseSource(disk), progress, cancellation);

    /// <summary>Makes a snapshot of a raw disk from a forward-only stream, which must have exactly the disk's bytes.</summary>
    public Task<ChunkSnapshot> WriteRawStreamAsync(ChunkSnapshotRequest request, Stream raw, long diskBytes, IProgress<TransferProgress>? progress, CancellationToken cancellation) =>
        WriteAsync(request, new PieceSource(diskBytes, (buffers, token) => DiskHasher.PiecesAsync(raw, diskBytes, buffers, token), StreamBuffers), progress, cancellation);

    /// <summary>Makes a snapshot of the disk in a VHD from a forward-only stream, as xapi exports it; the stream is read to its end and its structure is checked.</summary>
    public async Task<ChunkSnapshot> WriteVhdStreamAsync(ChunkSnapshotRequest request, Stream vhd, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        var reader = await VhdStreamReader.OpenAsync(vhd, cancellation);
        return await WriteAsync(request, new PieceSource(reader.DiskBytes, reader.PiecesAsync, StreamBuffers), progress, cancellation);
    }

    /// <summary>
    /// Takes back a backup: one that is not finished is closed and can never become a snapshot, and what it stored is deleted; one that is a snapshot is deleted as by <see cref="DeleteAsync"/>. None at all is success.
    /// </summary>
    public async Task UndoAsync(string snapshot, CancellationToken cancellation)
    {
        var sessions = new SessionStore(_room);
        foreach (var session in await sessions.ListAsync(snapshot, cancellation))
        {
            if (!await HasNoManifestAsync(sessions, session.Session, cancellation))
            {
                await new TombstoneStore(_room).DeleteAsync(session.Session, cancellation);
                continue;
            }
            // Without its begin it may be a snapshot that was purged since it was listed, and whose leaves others share: what nothing reaches is a collection's to take.
            if (await _room.Store.FindAsync(_room.Names.Begin(session.Session), cancellation) is null)
                continue;
            // Only the session itself can have referred to these, and it never will.
            foreach (var folder in new[] { _room.Names.Packs, _room.Names.Indexes })
            {
                var names = new List<string>();
                await foreach (var found in _room.Store.ListAsync($"{folder}{session.Session}/", cancellation))
                    names.Add(found.Name);
                foreach (var name in names)
                    await _room.Store.DeleteAsync(name, cancellation);
            }
        }
    }

    /// <summary>Name of the snapshot's manifest in the store.</summary>
    public string LocationOf(ChunkSnapshot snapshot) => _room.Names.End(snapshot.Session);

    /// <summary>All snapshots, in order of their ids; those that were deleted and can be brought back too, if asked for.</summary>
    public async Task<IReadOnlyList<ChunkSnapshot>> ListAsync(bool evenDeleted, CancellationToken cancellation) =>
        [.. (await _catalog.ListAsync(evenDeleted, cancellation)).Where(s => evenDeleted || !s.DeletedAndKept)];

    /// <summary>Whether a backup of the volume has something to build on, and so sends only what changed.</summary>
    public async Task<bool> HasSnapshotOfAsync(string volume, CancellationToken cancellation)
    {
        try
        {
            return (await _catalog.ListReadableAsync(cancellation)).Exists(s => !s.DeletedAndKept && s.Volume == volume);
        }
        catch (ChunkException e) when (e.IsDamage)
        {
            // As a backup does: it builds on nothing then.
            return false;
        }
    }

    /// <summary>One snapshot; null where there is none of that id.</summary>
    public Task<ChunkSnapshot?> FindAsync(string snapshot, CancellationToken cancellation) => _catalog.FindAsync(snapshot, evenDeleted: false, cancellation);

    /// <summary>Deletes a snapshot: no payload is read or moved. Deleted already, or never there, is success. One whose manifest is damaged can be deleted too: collections wait until that is done.</summary>
    public async Task DeleteAsync(string snapshot, CancellationToken cancellation)
    {
        if (!StoreName.IsValidSegment(snapshot))
            return;
        var sessions = new SessionStore(_room);
        var tombstones = new TombstoneStore(_room);
        // Nearly every snapshot is its id's first session, and beside one that has become a snapshot there is no other: no listing, which grows with all snapshots, is needed.
        if (await IsSnapshotAsync(sessions, ChunkNames.Session(snapshot, 1), begun: false, unreadable: false, cancellation))
        {
            await tombstones.DeleteAsync(ChunkNames.Session(snapshot, 1), cancellation);
            return;
        }
        foreach (var session in (await sessions.ListAsync(snapshot, cancellation)).Where(s => s.HasEnd))
        {
            // The removal of a closed session's end does no harm: its late writer finds no begin.
            if (await IsSnapshotAsync(sessions, session.Session, session.HasBegin, unreadable: true, cancellation))
                await tombstones.DeleteAsync(session.Session, cancellation);
        }
    }

    /// <summary>Brings a deleted snapshot back, in the repository alone: for a person with this library, as no route or command of the service leads here.</summary>
    /// <exception cref="ChunkException"><c>chunks.purged</c>, <c>chunks.no-snapshot</c>.</exception>
    public async Task UndeleteAsync(string snapshot, CancellationToken cancellation)
    {
        var found = await _catalog.GetAsync(snapshot, evenDeleted: true, cancellation);
        if (!await new TombstoneStore(_room).UndoAsync(found.Session, cancellation))
            throw new ChunkException(ChunkCodes.Purged, $"The snapshot '{snapshot}' was purged.", "It is gone: its undo window is over. Restore from another copy of the store.");
    }

    /// <summary>
    /// Restores a whole snapshot to a file, sparsely, on all cores; the file gets its name only when the root of what was written is the manifest's.
    /// </summary>
    /// <param name="readBack">Read the file again from its disk and compare once more: then it is the target's own bytes that were proven.</param>
    /// <exception cref="ChunkException"><c>chunks.no-snapshot</c>; <c>chunks.damaged</c> or <c>chunks.missing</c> with the extent that cannot be had. No file is left.</exception>
    /// <exception cref="SecondaryStoreException"><c>store.exists</c>: something has that path already.</exception>
    public async Task<RestoreReceipt> RestoreToFileAsync(string snapshot, string path, bool readBack, IProgress<TransferProgress>? progress, CancellationToken cancellation) =>
        await new ChunkRestore(_room, await _catalog.GetAsync(snapshot, evenDeleted: false, cancellation), progress).ToFileAsync(path, readBack, cancellation);

    /// <summary>Opens a snapshot as a disk, for byte ranges and for copies elsewhere. Every leaf is checked when it is read.</summary>
    public async Task<ChunkDisk> OpenDiskAsync(string snapshot, CancellationToken cancellation) =>
        await ChunkDisk.OpenAsync(_room, await _catalog.GetAsync(snapshot, evenDeleted: false, cancellation), cancellation);

    /// <summary>Verifies snapshots, or everything. What is wrong is in the report; an exception means that the store could not be asked.</summary>
    /// <param name="progress">Told in packs, not in bytes.</param>
    public Task<ChunkVerifyReport> VerifyAsync(ChunkVerifyRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellation) =>
        new RepositoryVerification(_room, request, progress).RunAsync(cancellation);

    /// <summary>Collects what no snapshot reaches. May run at any time, beside backups and other collections, and be killed at any moment.</summary>
    public Task<ChunkCollectReport> CollectAsync(ChunkCollectRequest request, CancellationToken cancellation) => new Collector(_room, request).RunAsync(cancellation);

    /// <param name="begun">Its begin has been seen.</param>
    /// <param name="unreadable">What is said of an end that cannot be read: a manifest, or else a closed session's end.</param>
    private async Task<bool> IsSnapshotAsync(SessionStore sessions, string session, bool begun, bool unreadable, CancellationToken cancellation)
    {
        try
        {
            return (await sessions.ReadEndAsync(session, cancellation))?.End == EndText.IsManifest && (begun || await _room.Store.FindAsync(_room.Names.Begin(session), cancellation) is not null);
        }
        catch (ChunkException e) when (e.IsDamage)
        {
            return unreadable;
        }
    }

    private static async Task<bool> HasNoManifestAsync(SessionStore sessions, string session, CancellationToken cancellation)
    {
        try
        {
            return await sessions.CloseAsync(session, cancellation);
        }
        catch (ChunkException e) when (e.IsDamage)
        {
            return false;
        }
    }

    // Of a quarter of the memory: pieces of 2 MiB.
    private int StreamBuffers => (int)Math.Clamp(_room.Options.MemoryBytes / 4 / DiskRoot.GroupBytes, 2, 64);

    private Task<ChunkSnapshot> WriteAsync(ChunkSnapshotRequest request, IChunkSource source, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        if (!StoreName.IsValidSegment(request.Snapshot) || request.Snapshot.Length > 128 || request.Volume.Length is 0 or > 200)
            throw new ChunkException(ChunkCodes.Refused, "A snapshot's id must be a plain name of at most 128 characters, a volume's must have 1 to 200.", "Use uuids.");
        if (source.DiskBytes <= 0)
            throw new ChunkException(ChunkCodes.Refused, "The disk has no bytes.", "Look at the source.");
        return new SnapshotWrite(_room, request, source, progress).RunAsync(cancellation);
    }

    private static async Task<ChunkRepository> OpenAsync(ISecondaryStore store, ChunkOptions options, ChunkKeyRing? keys, TimeProvider time, bool create, CancellationToken cancellation)
    {
        options.Check();
        var names = new ChunkNames(options.Prefix);
        var room = new ChunkRoom(store, names, null, options, time);
        var bytes = await room.TryReadAsync(names.Repository, cancellation);
        if (bytes is null)
        {
            if (!create)
                throw new ChunkException(ChunkCodes.NoRepository, $"There is no repository under '{options.Prefix}' on '{store.Name}'.", "Look at the prefix and the destination; the first backup makes a repository.");
            var fresh = keys is null ? null : await RepositoryKeys.OpenAsync(room, null, keys, cancellation);
            var text = new RepositoryText { Id = Guid.NewGuid().ToString(), KeyCheck = fresh?.Check, CreatedAt = time.GetUtcNow() };
            await store.PutAsync(names.Repository, ChunkTexts.Write("repository", text, ChunkJson.Default.RepositoryText), cancellation);
            // Whoever put it first has made it: what is there counts.
            bytes = await room.TryReadAsync(names.Repository, cancellation) ?? throw new ChunkException(ChunkCodes.NoRepository, "The repository vanished while it was being made.", "Look at who deletes from the store.");
        }
        var repository = ChunkTexts.Read(names.Repository, "repository", bytes, ChunkJson.Default.RepositoryText);
        if ((keys is null) != (repository.KeyCheck is null))
        {
            throw new ChunkException(ChunkCodes.Key, keys is null ? "The repository is encrypted and no key was given." : "A key was given, and the repository is not encrypted.",
                keys is null ? "Give its master key." : "Leave the key out here. Encryption begins in an empty place: another export or container, as a destination of its own.");
        }
        var opened = keys is null ? null : await RepositoryKeys.OpenAsync(room, repository.KeyCheck, keys, cancellation);
        return new ChunkRepository(new ChunkRoom(store, names, opened, options, time));
    }
}
