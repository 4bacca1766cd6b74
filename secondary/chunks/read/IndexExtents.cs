using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>Which part of a disk an index object told of that cannot be read: what lies between its neighbours in the layer.</summary>
internal static class IndexExtents
{
    public static bool IsWanted(ChunkException fault) => fault is { Index: not null, Extent: null };

    /// <summary>The same fault with its extent; the whole disk where the neighbours cannot be read either.</summary>
    public static async Task<ChunkException> LocateAsync(ChunkRoom room, ChunkSnapshot snapshot, ChunkException fault, CancellationToken cancellation) =>
        new(fault.Code, fault.Message, fault.Remedy, await OfAsync(room, snapshot, fault.Index!.Value.ToString(), cancellation), fault) { Index = fault.Index };

    private static async Task<DiskExtent> OfAsync(ChunkRoom room, ChunkSnapshot snapshot, string name, CancellationToken cancellation)
    {
        foreach (var objects in snapshot.Layers.Select(layer => layer.Objects.ToList()))
        {
            var at = objects.IndexOf(name);
            if (at < 0)
                continue;
            var before = at == 0 ? null : await TryTailAsync(room, objects[at - 1], cancellation);
            var after = at + 1 == objects.Count ? null : await TryTailAsync(room, objects[at + 1], cancellation);
            var first = before is null ? 0 : (before.Pages[^1].Last + 1L) * snapshot.LeafBytes;
            var end = after is null ? snapshot.DiskBytes : Math.Min(snapshot.DiskBytes, (long)after.Pages[0].First * snapshot.LeafBytes);
            if (first < end)
                return new DiskExtent(first, end - first);
        }
        return new DiskExtent(0, snapshot.DiskBytes);
    }

    private static async Task<IndexTail?> TryTailAsync(ChunkRoom room, string name, CancellationToken cancellation)
    {
        try
        {
            return await IndexObject.ReadTailAsync(room, LayeredIndex.Parse(name), cancellation);
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Missing)
        {
            return null;
        }
    }
}
