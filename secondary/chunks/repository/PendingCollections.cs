using SnapshotWorkflows.Secondary.Chunks.Format;

namespace SnapshotWorkflows.Secondary.Chunks.Repository;

/// <summary>A collection as a listing shows it.</summary>
internal sealed record CollectionState(string Collection, long Number, bool HasCondemned, bool HasFence, bool HasDoomed, bool IsDone);

/// <summary>Collections that are in the store.</summary>
internal sealed class PendingCollections(ChunkRoom room)
{
    public async Task<List<CollectionState>> ListAsync(CancellationToken cancellation)
    {
        var found = new SortedDictionary<string, CollectionState>(StringComparer.Ordinal);
        await foreach (var one in room.Store.ListAsync(room.Names.Collections, cancellation))
        {
            if (!ChunkNames.TryParts(one.Name, room.Names.Collections, out var name, out var part) || name.Length != 29 || !long.TryParse(name.AsSpan(0, 12), out var number))
                continue;
            var state = found.GetValueOrDefault(name) ?? new CollectionState(name, number, false, false, false, false);
            found[name] = part switch
            {
                "condemned" => state with { HasCondemned = true },
                "fence" => state with { HasFence = true },
                "doomed" => state with { HasDoomed = true },
                "done" => state with { IsDone = true },
                _ => state,
            };
        }
        return [.. found.Values];
    }

    /// <summary>
    /// Bars every pack that a collection under way condemns, and names the condemned indexes. To be read after the session's begin is in the store and before any manifest:
    /// a collection that condemns later has the session in its fence, and one that is done has deleted what the manifests read afterwards cannot refer to.
    /// </summary>
    /// <returns>Null where one cannot be read: then anything that is there may be condemned, but for what the running backup has put itself.</returns>
    public async Task<HashSet<string>?> BarAsync(PackTable packs, CancellationToken cancellation)
    {
        var indexes = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (var collection in await ListAsync(cancellation))
            {
                if (collection.IsDone || await ReadAsync(collection.Collection, "condemned", cancellation) is not { } condemned)
                    continue;
                foreach (var pack in condemned.Packs ?? [])
                    packs.Bar(LayerName(pack));
                indexes.UnionWith(condemned.Indexes ?? []);
            }
            return indexes;
        }
        catch (ChunkException e) when (e.IsDamage)
        {
            return null;
        }
    }

    /// <summary>A part of a collection; null where it is not there.</summary>
    public async Task<CollectionText?> ReadAsync(string collection, string part, CancellationToken cancellation)
    {
        var name = room.Names.Collection(collection, part);
        if (await room.TryReadAsync(name, cancellation) is not { } bytes)
            return null;
        var text = ChunkTexts.Read(name, part, bytes, ChunkJson.Default.CollectionText);
        return text.Collection == collection ? text : throw ChunkTexts.Damaged(name, "it is of another collection");
    }

    public Task<PutOutcome> PutAsync(CollectionText text, string part, CancellationToken cancellation) =>
        room.Store.PutAsync(room.Names.Collection(text.Collection, part), ChunkTexts.Write(part, text, ChunkJson.Default.CollectionText), cancellation);

    private static ObjectName LayerName(string text) => Read.LayeredIndex.Parse(text);
}
