using System.Runtime.CompilerServices;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>The layers of a snapshot as one: the newest record of each leaf, ascending. Memory is a page a layer, whatever the disk's size.</summary>
internal sealed class LayeredIndex : IAsyncDisposable
{
    private readonly LayerCursor[] _layers;

    /// <param name="layers">Oldest first.</param>
    public LayeredIndex(ChunkRoom room, IEnumerable<LayerText> layers, PackTable packs, ReadPurpose purpose = ReadPurpose.Ordinary) =>
        _layers = [.. layers.Select(layer => new LayerCursor(room, [.. layer.Objects.Select(Parse)], packs, purpose))];

    /// <summary>Fills in what is known of the leaves from the first on. Ranges must ascend from call to call.</summary>
    /// <param name="into">One place a leaf; those without a record are left as they are.</param>
    /// <returns>How many records were filled in.</returns>
    public async ValueTask<int> FillAsync(uint first, Memory<IndexRecord?> into, CancellationToken cancellation)
    {
        var found = 0;
        foreach (var layer in _layers)
        {
            for (var leaf = first; await layer.SeekAsync(leaf, cancellation) && layer.Current.Leaf < first + (uint)into.Length; leaf = layer.Current.Leaf + 1)
            {
                found += into.Span[(int)(layer.Current.Leaf - first)] is null ? 1 : 0;
                into.Span[(int)(layer.Current.Leaf - first)] = layer.Current;
            }
        }
        return found;
    }

    /// <summary>All records, leaves of zeros included where a layer tells of them.</summary>
    public async IAsyncEnumerable<IndexRecord> RecordsAsync(uint from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var leaf = from;
        while (true)
        {
            IndexRecord? next = null;
            foreach (var layer in _layers)
            {
                // Later layers win, so equal leaves are taken over.
                if (await layer.SeekAsync(leaf, cancellation) && (next is null || layer.Current.Leaf <= next.Value.Leaf))
                    next = layer.Current;
            }
            if (next is null)
                yield break;
            yield return next.Value;
            if (next.Value.Leaf == uint.MaxValue)
                yield break;
            leaf = next.Value.Leaf + 1;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var layer in _layers)
            await layer.DisposeAsync();
    }

    public static ObjectName Parse(string text) => ObjectName.TryParse(text, out var name) ? name
        : throw new ChunkException(ChunkCodes.Damaged, "A manifest names an index by a text that is no name.", "Take the manifest from another copy of the store.");
}
