using System.Globalization;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Chunks.Repository;

/// <summary>A session as a listing shows it.</summary>
internal sealed record SessionState(string Session, string Snapshot, int Number, bool HasBegin, bool HasEnd);

/// <summary>Sessions: how a backup begins, ends, and is refused. See "Writing, deleting, collecting" in docs/formats/chunks.md.</summary>
internal sealed class SessionStore(ChunkRoom room)
{
    /// <summary>Every session, or those of one snapshot.</summary>
    public async Task<List<SessionState>> ListAsync(string? snapshot, CancellationToken cancellation)
    {
        var found = new SortedDictionary<string, SessionState>(StringComparer.Ordinal);
        await foreach (var one in room.Store.ListAsync(room.Names.Sessions + (snapshot is null ? "" : snapshot + "."), cancellation))
        {
            if (!ChunkNames.TryParts(one.Name, room.Names.Sessions, out var session, out var part) || !ChunkNames.TrySplit(session, out var owner, out var number) || (snapshot is not null && owner != snapshot))
                continue;
            var state = found.GetValueOrDefault(session) ?? new SessionState(session, owner, number, false, false);
            found[session] = part switch { "begin" => state with { HasBegin = true }, "end" => state with { HasEnd = true }, _ => state };
        }
        return [.. found.Values];
    }

    /// <summary>Begins the snapshot's session, or goes on with the one that another process began.</summary>
    /// <returns>The session; and its manifest, where it is a snapshot already.</returns>
    /// <exception cref="ChunkException"><c>chunks.conflict</c>, <c>chunks.no-snapshot</c> for an id that was used and deleted.</exception>
    public async Task<(string Session, EndText? Manifest)> BeginAsync(string snapshot, string volume, long diskBytes, CancellationToken cancellation)
    {
        while (true)
        {
            var number = 1;
            var newest = (await ListAsync(snapshot, cancellation)).MaxBy(s => s.Number);
            if (newest is not null)
            {
                number = newest.Number;
                if (newest.HasEnd)
                {
                    if (await ReadEndAsync(newest.Session, cancellation) is not { } end)
                        continue;
                    if (end.End == EndText.IsManifest)
                        return (newest.Session, await SameAsync(end, volume, diskBytes, newest, cancellation));
                    number++;
                }
                else if (newest.HasBegin)
                {
                    if (await ReadBeginAsync(newest.Session, cancellation) is not { } begin)
                        continue;
                    if (begin.Volume != volume || begin.DiskBytes != diskBytes)
                        throw Conflict(snapshot);
                    return (newest.Session, null);
                }
            }
            var session = ChunkNames.Session(snapshot, number);
            var text = new BeginText { Session = session, Snapshot = snapshot, Volume = volume, DiskBytes = diskBytes, StartedAt = room.Time.GetUtcNow() };
            if (await room.Store.PutAsync(room.Names.Begin(session), ChunkTexts.Write("begin", text, ChunkJson.Default.BeginText), cancellation) == PutOutcome.Created)
                return (session, null);
        }
    }

    /// <summary>The commit: whichever end is there first is the session's.</summary>
    /// <returns>The manifest that counts: the given one, or that of a second process of the same session.</returns>
    /// <exception cref="ChunkException"><c>chunks.session-closed</c>; <c>chunks.conflict</c> where the other process saw another disk.</exception>
    public async Task<EndText> CommitAsync(EndText manifest, CancellationToken cancellation)
    {
        var name = room.Names.End(manifest.Session);
        if (await room.Store.PutAsync(name, WriteEnd(manifest), cancellation) == PutOutcome.Created)
        {
            // An end that a collection removed as a purged snapshot's could be put again; its begin is gone then.
            return await room.Store.FindAsync(room.Names.Begin(manifest.Session), cancellation) is not null ? manifest : throw Closed(manifest.Session);
        }
        var end = await ReadEndAsync(manifest.Session, cancellation);
        if (room.Options.Flaws.HasFlag(ProtocolFlaws.IgnoresClosing))
            return manifest;
        if (end?.End != EndText.IsManifest)
            throw Closed(manifest.Session);
        return end.Root == manifest.Root ? end : throw Conflict(manifest.Snapshot!);
    }

    /// <summary>Ends a session without a snapshot.</summary>
    /// <returns>False where it has become a snapshot.</returns>
    public async Task<bool> CloseAsync(string session, CancellationToken cancellation)
    {
        var closed = new EndText { End = EndText.IsClosed, Session = session };
        if (await room.Store.PutAsync(room.Names.End(session), WriteEnd(closed), cancellation) == PutOutcome.Created)
            return true;
        return (await ReadEndAsync(session, cancellation))?.End != EndText.IsManifest;
    }

    /// <summary>A session's end; null where it has none. Ends never change, so one that was read is kept.</summary>
    /// <param name="fresh">Read it from the store in any case.</param>
    public async Task<EndText?> ReadEndAsync(string session, CancellationToken cancellation, bool fresh = false)
    {
        if (!fresh && room.Ends.TryGetValue(session, out var kept))
            return kept;
        var name = room.Names.End(session);
        if (await room.TryReadAsync(name, cancellation) is not { } bytes)
            return null;
        var closed = bytes.AsSpan().IndexOf("\"end\":\"closed\""u8) >= 0;
        var end = ChunkTexts.Read(name, "end", bytes, ChunkJson.Default.EndText, closed ? null : room.Keys?.ManifestKey);
        if (end.Session != session || end.End is not (EndText.IsManifest or EndText.IsClosed))
            throw ChunkTexts.Damaged(name, "it is of another session");
        if (end.End == EndText.IsManifest)
            Check(name, end);
        if (room.Ends.Count < ChunkRoom.EndsMax)
            room.Ends[session] = end;
        return end;
    }

    public async Task<BeginText?> ReadBeginAsync(string session, CancellationToken cancellation)
    {
        var name = room.Names.Begin(session);
        if (await room.TryReadAsync(name, cancellation) is not { } bytes)
            return null;
        var begin = ChunkTexts.Read(name, "begin", bytes, ChunkJson.Default.BeginText);
        return begin.Session == session ? begin : throw ChunkTexts.Damaged(name, "it is of another session");
    }

    private byte[] WriteEnd(EndText end) =>
        ChunkTexts.Write("end", end, ChunkJson.Default.EndText, end.End == EndText.IsManifest ? room.Keys?.ManifestKey : null);

    private async Task<EndText> SameAsync(EndText end, string volume, long diskBytes, SessionState state, CancellationToken cancellation)
    {
        if (!state.HasBegin && await room.Store.FindAsync(room.Names.Begin(state.Session), cancellation) is null)
            throw new ChunkException(ChunkCodes.NoSnapshot, $"The snapshot '{state.Snapshot}' was deleted.", "Take a new id for a new snapshot.");
        return end.Volume == volume && end.DiskBytes == diskBytes ? end : throw Conflict(state.Snapshot);
    }

    // What is checked here is what the rest of the code relies on without looking again.
    private static void Check(string name, EndText end)
    {
        if (end is not { Snapshot: not null, Volume: not null, DiskBytes: > 0, LeafBytes: ChunkOptions.LeafBytesSmall or ChunkOptions.LeafBytesLarge, Root.Length: 64, Layers: not null, EndedAt: not null, StartedAt: not null }
            || end.RootAlgorithm != DiskRoot.Algorithm)
            throw ChunkTexts.Damaged(name, "it lacks what a manifest must have");
    }

    private static ChunkException Closed(string session) => new(ChunkCodes.SessionClosed, string.Create(CultureInfo.InvariantCulture, $"The backup '{session}' was closed: cancelled, or given up as dead."),
        "Nothing is lost that was a snapshot before. Run the backup again.");

    private static ChunkException Conflict(string snapshot) => new(ChunkCodes.Conflict, $"A snapshot or backup of the id '{snapshot}' is there, of another disk.", "A snapshot's id is used once: take a new one.");
}
