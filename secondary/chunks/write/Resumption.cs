using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Read;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>What an earlier attempt of the same session left in the store: nothing of it is sent again.</summary>
/// <param name="Layers">Index objects, chained into layers where they do not overlap.</param>
internal sealed record Resumption(IReadOnlyList<LayerText> Layers)
{
    /// <summary>Finds index objects, and puts the leaves of packs that none of these tell of into the table.</summary>
    public static async Task<Resumption> FindAsync(ChunkRoom room, string session, PackTable packs, DedupTable table, CancellationToken cancellation)
    {
        var told = new HashSet<ObjectName>();
        var indexes = new List<(ObjectName Name, uint First, uint Last, int Records)>();
        foreach (var name in await NamesAsync(room, room.Names.Indexes, session, cancellation))
        {
            var tail = await IndexObject.ReadTailAsync(room, name, cancellation);
            told.UnionWith(tail.Packs);
            indexes.Add((name, tail.Pages[0].First, tail.Pages[^1].Last, tail.Records));
        }
        foreach (var name in await NamesAsync(room, room.Names.Packs, session, cancellation))
        {
            if (told.Contains(name))
                continue;
            try
            {
                var tail = await PackReading.TailAsync(room, name, ReadPurpose.Ordinary, cancellation);
                var number = packs.Number(name);
                if (packs.IsBarred(number))
                    continue;
                foreach (var entry in tail.Entries)
                    table.Add(entry.Id, new LeafLocation(number, entry.Offset, entry.Stored));
            }
            catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Missing)
            {
                // Nothing refers to it yet, and nothing will: its leaves are stored again, and a collection takes it.
            }
        }
        var layers = new List<List<(ObjectName Name, uint First, uint Last, int Records)>>();
        foreach (var index in indexes.OrderBy(i => i.First))
        {
            var fits = layers.Find(l => l[^1].Last < index.First);
            if (fits is null)
                layers.Add([index]);
            else
                fits.Add(index);
        }
        return new Resumption([.. layers.Select(l => new LayerText { Objects = [.. l.Select(i => i.Name.ToString())], Records = l.Sum(i => i.Records) })]);
    }

    private static async Task<List<ObjectName>> NamesAsync(ChunkRoom room, string folder, string session, CancellationToken cancellation)
    {
        var names = new List<ObjectName>();
        await foreach (var found in room.Store.ListAsync($"{folder}{session}/", cancellation))
        {
            if (ObjectName.TryParse(found.Name.AsSpan(folder.Length), out var name))
                names.Add(name);
        }
        return names;
    }
}
