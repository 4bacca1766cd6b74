using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>Reads the repository's small texts again: each must be whole, and the one that its name says.</summary>
internal sealed class TextVerification(ChunkRoom room, Action<ChunkFinding> found)
{
    public async Task RunAsync(CancellationToken cancellation)
    {
        await TryAsync(room.Names.Repository, async name =>
        {
            if (await room.TryReadAsync(name, cancellation) is not { } bytes)
                throw new ChunkException(ChunkCodes.Missing, $"'{name}' is not there.", "Take it from another copy of the store: without it the repository cannot be opened.");
            ChunkTexts.Read(name, "repository", bytes, ChunkJson.Default.RepositoryText);
        });
        var sessions = new SessionStore(room);
        foreach (var session in await sessions.ListAsync(null, cancellation))
        {
            await TryAsync(room.Names.Begin(session.Session), _ => sessions.ReadBeginAsync(session.Session, cancellation));
            await TryAsync(room.Names.End(session.Session), _ => sessions.ReadEndAsync(session.Session, cancellation, fresh: true));
        }
        await EachAsync(room.Names.Keys, (name, bytes) =>
        {
            var key = ChunkTexts.Read(name, "key", bytes, ChunkJson.Default.KeyText);
            if (name != room.Names.Key(key.Key))
                throw ChunkTexts.Damaged(name, "it is of another key");
        }, cancellation);
        await EachAsync(room.Names.Tombstones, (name, bytes) =>
        {
            if (!ChunkNames.TryParts(name, room.Names.Tombstones, out var key, out var part))
                return;
            if (ChunkTexts.Read(name, $"tombstone-{part}", bytes, ChunkJson.Default.TombstoneText).Tombstone != key)
                throw ChunkTexts.Damaged(name, "it is of another deletion");
        }, cancellation);
        await EachAsync(room.Names.Damaged, (name, bytes) =>
        {
            if (room.Names.Damaged + ChunkTexts.Read(name, "damaged", bytes, ChunkJson.Default.DamageText).Pack != name)
                throw ChunkTexts.Damaged(name, "it is of another pack");
        }, cancellation);
        await EachAsync(room.Names.Collections, (name, bytes) =>
        {
            if (!ChunkNames.TryParts(name, room.Names.Collections, out var collection, out var part))
                return;
            if (ChunkTexts.Read(name, part, bytes, ChunkJson.Default.CollectionText).Collection != collection)
                throw ChunkTexts.Damaged(name, "it is of another collection");
        }, cancellation);
    }

    private async Task EachAsync(string folder, Action<string, byte[]> check, CancellationToken cancellation)
    {
        var names = new List<string>();
        await foreach (var one in room.Store.ListAsync(folder, cancellation))
            names.Add(one.Name);
        foreach (var name in names)
        {
            // One that is gone since the listing was removed by a collection.
            await TryAsync(name, async _ =>
            {
                if (await room.TryReadAsync(name, cancellation) is { } bytes)
                    check(name, bytes);
            });
        }
    }

    private async Task TryAsync(string name, Func<string, Task> check)
    {
        try
        {
            await check(name);
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Missing or ChunkCodes.Newer)
        {
            found(new ChunkFinding(e.Code, name, e.Message));
        }
    }
}
