using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Read;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Collect;

/// <summary>Packs and indexes that snapshots refer to, by their names below the folders. Reads manifests and the tails of indexes, no payload and no key.</summary>
internal sealed record Reachability(HashSet<ObjectName> Packs, HashSet<ObjectName> Indexes)
{
    /// <exception cref="ChunkException">An index that a snapshot refers to is damaged or missing: what it reaches is unknown, so nothing may be deleted.</exception>
    public static async Task<Reachability> OfAsync(ChunkRoom room, IEnumerable<ChunkSnapshot> snapshots, CancellationToken cancellation)
    {
        var reached = new Reachability([], []);
        foreach (var name in snapshots.SelectMany(s => s.Layers).SelectMany(l => l.Objects).Select(o => LayeredIndex.Parse(o)))
        {
            if (reached.Indexes.Add(name))
                reached.Packs.UnionWith((await IndexObject.ReadTailAsync(room, name, cancellation)).Packs);
        }
        return reached;
    }
}
