using System.Globalization;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Collect;

/// <summary>
/// Takes what no snapshot reaches. Its steps, and why each comes where it does, are in docs/formats/chunks.md; tests explore every interleaving of it with backups, deletions and other collectors in small worlds.
/// </summary>
internal sealed class Collector(ChunkRoom room, ChunkCollectRequest request)
{
    private readonly SessionStore _sessions = new(room);
    private readonly TombstoneStore _tombstones = new(room);
    private readonly PendingCollections _collections = new(room);
    private readonly SnapshotCatalog _catalog = new(room);
    private readonly DamageMarks _marks = new(room);
    private readonly List<string> _purged = [];
    private readonly List<string> _closed = [];
    private List<string> _undecided = [];
    private int _condemned;
    private int _deleted;
    private ChunkException? _damage;

    public async Task<ChunkCollectReport> RunAsync(CancellationToken cancellation)
    {
        var known = await _collections.ListAsync(cancellation);
        var waiting = new SortedSet<string>(StringComparer.Ordinal);
        if (!request.DryRun)
        {
            await CloseDeadAsync(cancellation);
            foreach (var one in known.Where(c => !c.IsDone))
                waiting.UnionWith(await TryAdvanceAsync(one.Collection, cancellation));
        }
        if (waiting.Count == 0)
        {
            var stopped = _damage;
            _damage = null;
            var next = await CondemnAsync(known, cancellation);
            if (next is not null)
                waiting.UnionWith(await AdvanceAsync(next, cancellation));
            // What stopped an older one was a snapshot's that is purged by now.
            if (stopped is not null && _damage is null)
            {
                foreach (var one in known.Where(c => !c.IsDone))
                    waiting.UnionWith(await TryAdvanceAsync(one.Collection, cancellation));
            }
        }
        if (_damage is { } damage)
        {
            throw new ChunkException(damage.Code, $"{damage.Message} What its snapshots reach is not known, so nothing was deleted.",
                "Take the object from another copy of the store, or delete the snapshots that need it (verify tells which): once they are purged, collections go on.", damage.Extent, damage);
        }
        return new ChunkCollectReport(_purged, _condemned, _deleted, [.. waiting.Select(SnapshotOf)], _closed) { Undecided = _undecided };
    }

    /// <summary>Damage that keeps one collection from going on must not keep the undo window from running out: where the damaged snapshot is deleted, its purge is what mends it.</summary>
    private async Task<IReadOnlyList<string>> TryAdvanceAsync(string name, CancellationToken cancellation)
    {
        try
        {
            return await AdvanceAsync(name, cancellation);
        }
        catch (ChunkException e) when (IsDamage(e))
        {
            _damage = e;
            return [];
        }
    }

    private async Task CloseDeadAsync(CancellationToken cancellation)
    {
        if (request.IsDead is not { } isDead)
            return;
        foreach (var session in await _sessions.ListAsync(null, cancellation))
        {
            if (session is { HasBegin: true, HasEnd: false } && isDead(session.Snapshot) && await _sessions.CloseAsync(session.Session, cancellation))
                _closed.Add(session.Snapshot);
        }
    }

    /// <summary>Steps 1 and 2.</summary>
    private async Task<string?> CondemnAsync(List<CollectionState> known, CancellationToken cancellation)
    {
        // Before the sessions: whoever put one of these had begun by then, and is seen as at work or ended.
        var packs = await NamesAsync(room.Names.Packs, cancellation);
        var indexes = await NamesAsync(room.Names.Indexes, cancellation);
        var sessions = await _sessions.ListAsync(null, cancellation);
        var tombstones = await _tombstones.ListAsync(null, cancellation);
        _undecided = [.. tombstones.Values.Where(t => t.Fault is not null).Select(t => SnapshotOf(t.Session)).Order(StringComparer.Ordinal)];
        var seen = await SeenAsync(known, cancellation);
        var waitingTombstones = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var tombstone in tombstones.Values.Where(t => t.State == TombstoneText.IsDeleted).ToList())
        {
            var count = seen.GetValueOrDefault(tombstone.Key);
            if (count < request.UndoCollections)
                waitingTombstones.Add(tombstone.Key, count + 1);
            else if (request.DryRun || await _tombstones.PurgeAsync(tombstone, cancellation))
            {
                tombstones[tombstone.Session] = tombstone with { State = TombstoneText.IsPurged };
                _purged.Add(SnapshotOf(tombstone.Session));
            }
        }
        var atWork = sessions.Where(s => s is { HasBegin: true, HasEnd: false }).Select(s => s.Session).ToHashSet(StringComparer.Ordinal);
        if (room.Options.Flaws.HasFlag(ProtocolFlaws.CondemnsWork))
            atWork.Clear();
        var reached = await TryReachAsync(sessions, tombstones, cancellation);
        var condemnedPacks = packs.Where(p => reached is not null && !atWork.Contains(p.Session) && !reached.Packs.Contains(p)).Take(room.Options.CondemnedMax).ToList();
        var condemnedIndexes = indexes.Where(i => reached is not null && !atWork.Contains(i.Session) && !reached.Indexes.Contains(i)).Take(room.Options.CondemnedMax).ToList();
        if (reached is not null && !request.DryRun)
            await RemoveMarksAsync(pack => !reached.Packs.Contains(pack) && !atWork.Contains(pack.Session) && !packs.Contains(pack), cancellation);
        _condemned = condemnedPacks.Count + condemnedIndexes.Count;
        var isIdle = _condemned == 0 && waitingTombstones.Count == 0 && !tombstones.Values.Any(t => t.IsPurged || t.Fault is not null) && !sessions.Any(s => s is { HasBegin: true, HasEnd: true } && !IsSnapshot(s));
        if (request.DryRun || (isIdle && seen.Count == 0))
            return null;
        // Never a name twice: parts of it that a collector puts a year later belong to nothing else.
        var name = string.Create(CultureInfo.InvariantCulture, $"{(known.Count == 0 ? 0 : known.Max(c => c.Number)) + 1:D12}-{Convert.ToHexStringLower(room.Options.RandomBytes(8))}");
        await _collections.PutAsync(new CollectionText
        {
            Collection = name,
            Packs = [.. condemnedPacks.Select(p => p.ToString())],
            Indexes = [.. condemnedIndexes.Select(i => i.ToString())],
            Tombstones = waitingTombstones,
        }, "condemned", cancellation);
        return name;
    }

    /// <returns>Null where a manifest or an index is damaged: then nothing is condemned, but deletions are counted and purged, for that may be what is waited for.</returns>
    private async Task<Reachability?> TryReachAsync(List<SessionState> sessions, Dictionary<string, Tombstone> tombstones, CancellationToken cancellation)
    {
        try
        {
            return await Reachability.OfAsync(room, await _catalog.ReadAsync(sessions, tombstones, cancellation), cancellation);
        }
        catch (ChunkException e) when (IsDamage(e))
        {
            _damage = e;
            return null;
        }
    }

    /// <summary>Steps 3 to 5.</summary>
    /// <returns>Sessions that have to end first; none where the collection is done.</returns>
    private async Task<IReadOnlyList<string>> AdvanceAsync(string name, CancellationToken cancellation)
    {
        CollectionText? condemned;
        try
        {
            condemned = await _collections.ReadAsync(name, "condemned", cancellation);
            if (condemned is null)
            {
                await RemoveAsync(name, cancellation);
                return [];
            }
            var fence = room.Options.Flaws.HasFlag(ProtocolFlaws.NoFence) ? [] : await FenceAsync(name, cancellation);
            var sessions = await _sessions.ListAsync(null, cancellation);
            var atWork = sessions.Where(s => s is { HasBegin: true, HasEnd: false }).Select(s => s.Session).ToHashSet(StringComparer.Ordinal);
            var waiting = fence.Where(atWork.Contains).ToList();
            if (waiting.Count > 0)
                return waiting;
        }
        catch (ChunkException e) when (e.IsDamage)
        {
            // Given up: where nobody has doomed anything yet, nobody will, not even who can read it still. What it condemned the next one condemns anew, with a fence of its own.
            condemned = null;
        }
        if (await DoomAsync(name, condemned, cancellation) is not { } doomed)
            return [];
        foreach (var pack in doomed.Packs ?? [])
            await DeleteAsync(room.Names.Packs + pack, cancellation);
        foreach (var index in doomed.Indexes ?? [])
            await DeleteAsync(room.Names.Indexes + index, cancellation);
        if (doomed.Packs is { Count: > 0 } gone)
            await RemoveMarksAsync(pack => gone.Contains(pack.ToString()), cancellation);
        await RemoveTextsAsync(cancellation);
        await _collections.PutAsync(new CollectionText { Collection = name }, "done", cancellation);
        foreach (var older in (await _collections.ListAsync(cancellation)).Where(c => c.IsDone && string.CompareOrdinal(c.Collection, name) < 0))
            await RemoveAsync(older.Collection, cancellation);
        return [];
    }

    private async Task<IReadOnlyList<string>> FenceAsync(string name, CancellationToken cancellation)
    {
        if (await _collections.ReadAsync(name, "fence", cancellation) is { } there)
            return there.Sessions ?? [];
        var sessions = (await _sessions.ListAsync(null, cancellation)).Where(s => s is { HasBegin: true, HasEnd: false }).Select(s => s.Session).ToList();
        if (await _collections.PutAsync(new CollectionText { Collection = name, Sessions = sessions }, "fence", cancellation) == PutOutcome.Created)
            return sessions;
        return (await _collections.ReadAsync(name, "fence", cancellation))?.Sessions ?? [];
    }

    /// <param name="condemned">Null where the collection is given up: nothing is doomed then, unless somebody has done so before.</param>
    /// <returns>Null where another collector has finished it meanwhile.</returns>
    private async Task<CollectionText?> DoomAsync(string name, CollectionText? condemned, CancellationToken cancellation)
    {
        var doomed = await ReadDoomedAsync(name, cancellation);
        if (doomed is null)
        {
            doomed = await StillUnreachedAsync(name, condemned, cancellation);
            if (await _collections.PutAsync(doomed, "doomed", cancellation) == PutOutcome.AlreadyExists)
                doomed = await ReadDoomedAsync(name, cancellation);
        }
        // Removed by a collector that has finished: what this one made of today's snapshots must not be deleted, for the fence is of old.
        return await room.Store.FindAsync(room.Names.Collection(name, "condemned"), cancellation) is null ? null : doomed;
    }

    // One that cannot be read dooms nothing: what it did doom nobody reaches, and the next collection condemns that anew. To doom today's instead would not be safe beside who can read it and is done by now.
    private async Task<CollectionText?> ReadDoomedAsync(string name, CancellationToken cancellation)
    {
        try
        {
            return await _collections.ReadAsync(name, "doomed", cancellation);
        }
        catch (ChunkException e) when (e.IsDamage)
        {
            return new CollectionText { Collection = name };
        }
    }

    private async Task<CollectionText> StillUnreachedAsync(string name, CollectionText? condemned, CancellationToken cancellation)
    {
        if (condemned is null or { Packs: null or [], Indexes: null or [] })
            return new CollectionText { Collection = name };
        if (room.Options.Flaws.HasFlag(ProtocolFlaws.NoSecondLook))
            return condemned with { Tombstones = null };
        var reached = await Reachability.OfAsync(room, await _catalog.ListAsync(evenDeleted: true, cancellation), cancellation);
        return new CollectionText
        {
            Collection = name,
            Packs = [.. (condemned.Packs ?? []).Where(p => !reached.Packs.Contains(Read.LayeredIndex.Parse(p)))],
            Indexes = [.. (condemned.Indexes ?? []).Where(i => !reached.Indexes.Contains(Read.LayeredIndex.Parse(i)))],
        };
    }

    private async Task DeleteAsync(string name, CancellationToken cancellation)
    {
        await room.Store.DeleteAsync(name, cancellation);
        _deleted++;
    }

    // A purged snapshot: begin first, so that an end that is put again means nothing. A closed session keeps its end for ever: it refuses a late writer.
    private async Task RemoveTextsAsync(CancellationToken cancellation)
    {
        var tombstones = await _tombstones.ListAsync(null, cancellation);
        var begun = new HashSet<string>(StringComparer.Ordinal);
        foreach (var session in await _sessions.ListAsync(null, cancellation))
        {
            if (session.HasBegin)
                begun.Add(session.Session);
            var isPurged = tombstones.GetValueOrDefault(session.Session) is { IsPurged: true };
            if (!isPurged && (!session.HasEnd || IsSnapshot(session) || !session.HasBegin || !await IsClosedAsync(session.Session, cancellation)))
                continue;
            await room.Store.DeleteAsync(room.Names.Begin(session.Session), cancellation);
            if (isPurged)
                await room.Store.DeleteAsync(room.Names.End(session.Session), cancellation);
            room.Ends.TryRemove(session.Session, out _);
        }
        // One that cannot be read and whose session is gone since, which only a purge does, stands for nothing any more.
        foreach (var tombstone in tombstones.Values.Where(t => t.IsPurged || (t.Fault is not null && !begun.Contains(t.Session))))
        {
            for (var generation = 1; generation <= tombstone.Generation; generation++)
            {
                await room.Store.DeleteAsync(room.Names.Tombstone(tombstone.Session, generation, "deleted"), cancellation);
                await room.Store.DeleteAsync(room.Names.Tombstone(tombstone.Session, generation, "end"), cancellation);
            }
        }
    }

    // What cannot be read is not known to be closed.
    private async Task<bool> IsClosedAsync(string session, CancellationToken cancellation)
    {
        try
        {
            return (await _sessions.ReadEndAsync(session, cancellation))?.End == EndText.IsClosed;
        }
        catch (ChunkException e) when (e.IsDamage)
        {
            return false;
        }
    }

    private async Task RemoveMarksAsync(Func<ObjectName, bool> isUnneeded, CancellationToken cancellation)
    {
        foreach (var pack in (await _marks.ListAsync(cancellation)).Where(isUnneeded))
            await _marks.RemoveAsync(pack, cancellation);
    }

    private async Task RemoveAsync(string collection, CancellationToken cancellation)
    {
        foreach (var part in new[] { "condemned", "fence", "doomed", "done" })
            await room.Store.DeleteAsync(room.Names.Collection(collection, part), cancellation);
    }

    /// <summary>How many collections in a row have listed each tombstone. Where the last one cannot be read the counting begins anew: the undo window is longer then, never shorter.</summary>
    private async Task<IReadOnlyDictionary<string, int>> SeenAsync(List<CollectionState> known, CancellationToken cancellation)
    {
        try
        {
            if (known.Count > 0 && await _collections.ReadAsync(known[^1].Collection, "condemned", cancellation) is { Tombstones: { } seen })
                return seen;
        }
        catch (ChunkException e) when (e.IsDamage)
        {
        }
        return new Dictionary<string, int>();
    }

    private async Task<List<ObjectName>> NamesAsync(string folder, CancellationToken cancellation)
    {
        var names = new List<ObjectName>();
        await foreach (var found in room.Store.ListAsync(folder, cancellation))
        {
            if (ObjectName.TryParse(found.Name.AsSpan(folder.Length), out var name))
                names.Add(name);
        }
        return names;
    }

    private bool IsSnapshot(SessionState session) => room.Ends.TryGetValue(session.Session, out var end) && end.End == EndText.IsManifest;

    private static bool IsDamage(ChunkException e) => e.IsDamage || e.Code == ChunkCodes.Missing;

    private static string SnapshotOf(string session) => ChunkNames.TrySplit(session, out var snapshot, out _) ? snapshot : session;
}
