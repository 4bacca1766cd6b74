using SnapshotWorkflows.Secondary.Chunks.Format;

namespace SnapshotWorkflows.Secondary.Chunks.Repository;

/// <summary>Which snapshots there are: sessions with a begin and a manifest, that no collection has purged.</summary>
internal sealed class SnapshotCatalog(ChunkRoom room)
{
    private const int ReadsAtOnce = 16;
    private readonly SessionStore _sessions = new(room);
    private readonly TombstoneStore _tombstones = new(room);

    /// <summary>All snapshots that are not purged, deleted ones marked as such. Complete, or an exception.</summary>
    /// <param name="evenDeleted">False: those that were deleted are not read, so that a damaged one's deletion is enough to see the others.</param>
    public async Task<List<ChunkSnapshot>> ListAsync(bool evenDeleted, CancellationToken cancellation)
    {
        var sessions = await _sessions.ListAsync(null, cancellation);
        // After the sessions: what was purged before is seen as such.
        var tombstones = await _tombstones.ListAsync(null, cancellation);
        return await ReadAsync(evenDeleted ? sessions : sessions.Where(s => tombstones.GetValueOrDefault(s.Session) is not { Hides: true }), tombstones, cancellation);
    }

    /// <summary>Those of <see cref="ListAsync"/> whose manifests can be read: for who only looks for something to build on, and must not be stopped by another snapshot's damage.</summary>
    public async Task<List<ChunkSnapshot>> ListReadableAsync(CancellationToken cancellation)
    {
        var sessions = await _sessions.ListAsync(null, cancellation);
        var tombstones = await _tombstones.ListAsync(null, cancellation);
        try
        {
            return await ReadAsync(sessions, tombstones, cancellation);
        }
        catch (ChunkException e) when (e.IsDamage)
        {
            var snapshots = new List<ChunkSnapshot>();
            foreach (var session in sessions)
            {
                try
                {
                    snapshots.AddRange(await ReadAsync([session], tombstones, cancellation));
                }
                catch (ChunkException damaged) when (damaged.IsDamage)
                {
                    // A verification tells of it.
                }
            }
            return snapshots;
        }
    }

    /// <summary>The manifests of those sessions that are snapshots.</summary>
    public async Task<List<ChunkSnapshot>> ReadAsync(IEnumerable<SessionState> sessions, Dictionary<string, Tombstone> tombstones, CancellationToken cancellation)
    {
        var wanted = sessions.Where(s => s.HasEnd && tombstones.GetValueOrDefault(s.Session) is not { IsPurged: true }).ToList();
        var snapshots = new List<ChunkSnapshot>();
        var atOnce = room.Options.Workers == 1 ? 1 : ReadsAtOnce;
        foreach (var some in wanted.Chunk(atOnce))
        {
            foreach (var end in await Task.WhenAll(some.Select(s => ReadAsync(s, cancellation))))
            {
                if (end?.End == EndText.IsManifest)
                    snapshots.Add(ChunkSnapshot.Of(end, tombstones.GetValueOrDefault(end.Session) is { Hides: true }));
            }
        }
        return snapshots;
    }

    /// <summary>A snapshot by its id.</summary>
    /// <exception cref="ChunkException"><c>chunks.no-snapshot</c>.</exception>
    public async Task<ChunkSnapshot> GetAsync(string snapshot, bool evenDeleted, CancellationToken cancellation) =>
        await FindAsync(snapshot, evenDeleted, cancellation)
        ?? throw new ChunkException(ChunkCodes.NoSnapshot, $"There is no snapshot '{snapshot}' in the repository.", "List the snapshots: it was deleted, or is in another repository.");

    public async Task<ChunkSnapshot?> FindAsync(string snapshot, bool evenDeleted, CancellationToken cancellation)
    {
        if (!StoreName.IsValidSegment(snapshot))
            return null;
        foreach (var session in (await _sessions.ListAsync(snapshot, cancellation)).OrderByDescending(s => s.Number).Where(s => s.HasEnd))
        {
            var tombstone = (await _tombstones.ListAsync(session.Session, cancellation)).GetValueOrDefault(session.Session);
            if (tombstone is { Fault: { } fault } && !evenDeleted)
                throw fault;
            if (tombstone is { IsPurged: true } || (tombstone is { Hides: true } && !evenDeleted))
                continue;
            if (await ReadAsync(session, cancellation) is { End: EndText.IsManifest } end)
                return ChunkSnapshot.Of(end, tombstone is { Hides: true });
        }
        return null;
    }

    private async Task<EndText?> ReadAsync(SessionState session, CancellationToken cancellation)
    {
        try
        {
            var end = await _sessions.ReadEndAsync(session.Session, cancellation);
            return end?.End != EndText.IsManifest || await HasBeginAsync(session, cancellation) ? end : null;
        }
        catch (ChunkException e) when (e.IsDamage && !session.HasBegin)
        {
            // The end of a session that was closed or purged: whatever it said, it is no snapshot.
            if (await HasBeginAsync(session, cancellation))
                throw;
            return null;
        }
    }

    // A begin may have been put after the listing went past its name: it is looked for before an end counts as left over.
    private async Task<bool> HasBeginAsync(SessionState session, CancellationToken cancellation) =>
        session.HasBegin || await room.Store.FindAsync(room.Names.Begin(session.Session), cancellation) is not null;
}
