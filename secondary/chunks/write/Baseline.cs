using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Read;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>What a backup builds on.</summary>
/// <param name="Snapshot">The earlier snapshot; null where there is none to build on.</param>
/// <param name="SharesLayers">Its index is taken over by reference, and only changes are added. Else the index is made anew, from the same leaves.</param>
/// <param name="FullReason">Why there is none.</param>
/// <param name="Others">Newest snapshots of other disks, whose leaves may be the same (volumes of one template).</param>
internal sealed record Baseline(ChunkSnapshot? Snapshot, bool SharesLayers, string? FullReason, IReadOnlyList<ChunkSnapshot> Others)
{
    public const string First = "first";
    public const string Lost = "baseline-lost";
    public const string Damaged = "baseline-damaged";
    public const string OtherLeaves = "leaf-size-changed";
    public const string AskedFor = "asked-for";

    /// <summary>Nothing of others is used, for what of it stays cannot be told.</summary>
    public static readonly Baseline None = new(null, false, Damaged, []);

    /// <summary>To be called after the session has begun, and the table's packs are barred.</summary>
    /// <param name="readWhole">Look at every page of the baseline's index beforehand: for sources that cannot be read a second time.</param>
    public static async Task<Baseline> FindAsync(ChunkRoom room, ChunkSnapshotRequest request, long diskBytes, int leafBytes, PackTable packs, HashSet<string> condemnedIndexes,
        bool readWhole, CancellationToken cancellation)
    {
        List<ChunkSnapshot> all;
        try
        {
            all = [.. (await new SnapshotCatalog(room).ListReadableAsync(cancellation)).Where(s => !s.DeletedAndKept)];
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Newer)
        {
            // A deletion that cannot be read: nothing is built on, and the backup is made all the same.
            return None;
        }
        var others = all.Where(s => s.Volume != request.Volume && s.LeafBytes == leafBytes).GroupBy(s => s.Volume).Select(v => v.MaxBy(s => s.EndedAt)!).OrderByDescending(s => s.EndedAt).ToList();
        var mine = all.Where(s => s.Volume == request.Volume).ToList();
        if (request.BaselineDamaged)
            return new Baseline(null, false, Damaged, others);
        if (request.Full)
            return new Baseline(null, false, AskedFor, [.. mine.OrderByDescending(s => s.EndedAt).Take(1), .. others]);
        var previous = request.Previous is { } named ? mine.Find(s => s.Snapshot == named) : mine.MaxBy(s => s.EndedAt);
        if (previous is null)
            return new Baseline(null, false, request.Previous is null ? First : Lost, others);
        if (previous.LeafBytes != leafBytes)
            return new Baseline(null, false, OtherLeaves, others);
        var objects = previous.Layers.SelectMany(l => l.Objects).ToList();
        if (objects.Any(condemnedIndexes.Contains))
            return new Baseline(null, false, Lost, others);
        try
        {
            var barred = false;
            foreach (var name in objects)
            {
                var tail = await IndexObject.ReadTailAsync(room, LayeredIndex.Parse(name), cancellation);
                barred |= tail.Packs.Any(pack => packs.IsBarred(packs.Number(pack)));
            }
            await using var index = new LayeredIndex(room, previous.Layers, packs);
            if (readWhole)
            {
                await foreach (var _ in index.RecordsAsync(0, cancellation))
                {
                }
            }
            return new Baseline(previous, previous.DiskBytes == diskBytes && !barred, null, others);
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Missing)
        {
            return new Baseline(null, false, Damaged, others);
        }
    }
}
