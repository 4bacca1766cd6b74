using System.Runtime.CompilerServices;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Read;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>
/// Keeps a snapshot's layers few: a new run swallows older runs that are less than twice as large (so their number grows with the logarithm of the changes), and all of it becomes a new base when runs exceed a
/// tenth of the base. Data is never touched; each record is rewritten a logarithmic number of times.
/// </summary>
internal static class IndexCompaction
{
    /// <summary>How many of the older layers, counted from the newest, the new run is to swallow.</summary>
    public static int Swallowed(IReadOnlyList<LayerText> layers, long records)
    {
        var runs = layers.Skip(1).Sum(l => l.Records);
        if ((runs + records) * 10 > layers[0].Records)
            return layers.Count;
        var count = 0;
        while (count < layers.Count - 1 && layers[^(count + 1)].Records < 2 * records)
        {
            records += layers[^(count + 1)].Records;
            count++;
        }
        return count;
    }

    /// <summary>Stored layers and, on top of them, records that are still in memory: the newest of each leaf.</summary>
    /// <param name="dropZeros">Where nothing lies below, a leaf of zeros needs no record.</param>
    public static async IAsyncEnumerable<IndexRecord> MergeAsync(ChunkRoom room, IEnumerable<LayerText> layers, IReadOnlyList<IndexRecord> newest, PackTable packs, bool dropZeros,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var index = new LayeredIndex(room, layers, packs);
        var at = 0;
        await foreach (var record in index.RecordsAsync(0, cancellation))
        {
            for (; at < newest.Count && newest[at].Leaf < record.Leaf; at++)
            {
                if (!dropZeros || !newest[at].IsZeros)
                    yield return newest[at];
            }
            var one = at < newest.Count && newest[at].Leaf == record.Leaf ? newest[at++] : record;
            if (!dropZeros || !one.IsZeros)
                yield return one;
        }
        for (; at < newest.Count; at++)
        {
            if (!dropZeros || !newest[at].IsZeros)
                yield return newest[at];
        }
    }
}
