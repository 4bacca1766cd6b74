using SnapshotWorkflows.Secondary.Chunks.Format;

namespace SnapshotWorkflows.Secondary.Chunks.Repository;

/// <summary>The newest deletion of a session's snapshot, as a listing shows it.</summary>
/// <param name="Generation">How often it was deleted.</param>
/// <param name="State"><see cref="TombstoneText.IsDeleted"/>, or what its end says.</param>
/// <param name="Fault">Why the end cannot be read: then nobody knows whether the deletion was undone or purged. The snapshot is hidden, what it reaches is kept, and a further deletion may stand above this one.</param>
internal sealed record Tombstone(string Session, int Generation, string State, ChunkException? Fault = null)
{
    public string Key => $"{Session}.{Generation}";

    public bool IsPurged => State == TombstoneText.IsPurged;

    public bool Hides => State != TombstoneText.IsUndone;
}

/// <summary>Deletions: they move no payload, and can be undone until a collection purges them.</summary>
internal sealed class TombstoneStore(ChunkRoom room)
{
    /// <summary>The newest tombstone of every session that has one, or of one session.</summary>
    public async Task<Dictionary<string, Tombstone>> ListAsync(string? session, CancellationToken cancellation)
    {
        var found = new Dictionary<string, (int Generation, bool HasEnd)>(StringComparer.Ordinal);
        await foreach (var one in room.Store.ListAsync(room.Names.Tombstones + (session is null ? "" : session + "."), cancellation))
        {
            if (!ChunkNames.TryParts(one.Name, room.Names.Tombstones, out var key, out var part) || !ChunkNames.TrySplit(key, out var owner, out var generation) || (session is not null && owner != session))
                continue;
            var newest = found.GetValueOrDefault(owner);
            if (generation >= newest.Generation)
                found[owner] = (generation, part == "end" || (generation == newest.Generation && newest.HasEnd));
        }
        var tombstones = new Dictionary<string, Tombstone>(StringComparer.Ordinal);
        foreach (var (owner, (generation, hasEnd)) in found)
        {
            // An end that is gone between the listing and the reading was a purged one, being removed.
            var tombstone = new Tombstone(owner, generation, TombstoneText.IsDeleted);
            tombstones.Add(owner, hasEnd ? await EndedAsync(tombstone, cancellation) : tombstone);
        }
        return tombstones;
    }

    private async Task<Tombstone> EndedAsync(Tombstone tombstone, CancellationToken cancellation)
    {
        try
        {
            return tombstone with { State = await StateAsync(tombstone.Session, tombstone.Generation, cancellation) ?? TombstoneText.IsPurged };
        }
        catch (ChunkException e) when (e.IsDamage)
        {
            return tombstone with { State = "", Fault = e };
        }
    }

    /// <summary>Hides the snapshot. Hidden already is success; where nobody can tell whether it is, it is deleted once more.</summary>
    public async Task DeleteAsync(string session, CancellationToken cancellation)
    {
        // A first deletion needs no listing: none above it can be there without it.
        var generation = 1;
        while (await PutAsync(session, generation, "deleted", TombstoneText.IsDeleted, cancellation) != PutOutcome.Created)
        {
            var newest = (await ListAsync(session, cancellation)).GetValueOrDefault(session);
            if (newest is { Hides: true, Fault: null })
                return;
            generation = (newest?.Generation ?? 0) + 1;
        }
    }

    /// <summary>Brings the snapshot back.</summary>
    /// <returns>False where it was purged before.</returns>
    public async Task<bool> UndoAsync(string session, CancellationToken cancellation) => (await ListAsync(session, cancellation)).GetValueOrDefault(session) switch
    {
        { Fault: { } fault } => throw fault,
        { Hides: true } newest => await EndAsync(newest, TombstoneText.IsUndone, cancellation),
        _ => true,
    };

    /// <summary>From here on the deletion cannot be undone.</summary>
    /// <returns>False where it was undone before.</returns>
    public Task<bool> PurgeAsync(Tombstone tombstone, CancellationToken cancellation) => EndAsync(tombstone, TombstoneText.IsPurged, cancellation);

    private async Task<bool> EndAsync(Tombstone tombstone, string state, CancellationToken cancellation)
    {
        if (await PutAsync(tombstone.Session, tombstone.Generation, "end", state, cancellation) == PutOutcome.Created)
            return true;
        return await StateAsync(tombstone.Session, tombstone.Generation, cancellation) == state;
    }

    private Task<PutOutcome> PutAsync(string session, int generation, string part, string state, CancellationToken cancellation)
    {
        var text = new TombstoneText { Tombstone = $"{session}.{generation}", State = state, At = room.Time.GetUtcNow() };
        return room.Store.PutAsync(room.Names.Tombstone(session, generation, part), ChunkTexts.Write($"tombstone-{part}", text, ChunkJson.Default.TombstoneText), cancellation);
    }

    private async Task<string?> StateAsync(string session, int generation, CancellationToken cancellation)
    {
        var name = room.Names.Tombstone(session, generation, "end");
        try
        {
            if (await room.TryReadAsync(name, cancellation) is not { } bytes)
                return null;
            var text = ChunkTexts.Read(name, "tombstone-end", bytes, ChunkJson.Default.TombstoneText);
            return text.Tombstone == $"{session}.{generation}" ? text.State : throw ChunkTexts.Damaged(name, "it is of another deletion");
        }
        catch (ChunkException e) when (e.Code == ChunkCodes.Damaged)
        {
            throw new ChunkException(e.Code, $"{e.Message} Whether that deletion was undone or purged is not known: its snapshot is hidden, and all of it is kept.",
                "Take the object from another copy of the store. Or delete the snapshot again: the new deletion stands above the damaged one, and collections take it in the end.", null, e);
        }
    }
}
