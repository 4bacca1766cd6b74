using SnapshotWorkflows.Secondary.Chunks.Codec;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>Goes through one layer in ascending order; holds one object's tail and one page (230 KiB) at a time, and skips pages that are not asked for.</summary>
internal sealed class LayerCursor(ChunkRoom room, IReadOnlyList<ObjectName> objects, PackTable packs, ReadPurpose purpose) : IAsyncDisposable
{
    private readonly LeafCodec _codec = new();
    private IndexObject? _open;
    private int _object = -1;
    private int _page = -1;
    private IndexRecord[] _records = [];
    private int _at;

    /// <summary>The record at which the cursor stands; meaningless after <see cref="SeekAsync"/> said that there is none.</summary>
    public IndexRecord Current => _records[_at];

    /// <summary>Moves to the first record at or after the leaf. Never goes back.</summary>
    /// <returns>False where there is none any more.</returns>
    public ValueTask<bool> SeekAsync(uint leaf, CancellationToken cancellation)
    {
        while (_at < _records.Length)
        {
            if (_records[_at].Leaf >= leaf)
                return ValueTask.FromResult(true);
            _at++;
        }
        return LoadAsync(leaf, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _codec.Dispose();
        if (_open is not null)
            await _open.DisposeAsync();
    }

    private async ValueTask<bool> LoadAsync(uint leaf, CancellationToken cancellation)
    {
        while (true)
        {
            while (_open is not null && ++_page < _open.Tail.Pages.Count)
            {
                if (_open.Tail.Pages[_page].Last < leaf)
                    continue;
                _records = await _open.ReadPageAsync(_page, _codec, cancellation);
                for (_at = 0; _at < _records.Length; _at++)
                {
                    if (_records[_at].Leaf >= leaf)
                        return true;
                }
            }
            (_records, _at) = ([], 0);
            if (_object + 1 >= objects.Count)
                return false;
            if (_open is not null)
                await _open.DisposeAsync();
            (_open, _page) = (null, -1);
            _open = await IndexObject.OpenAsync(room, objects[++_object], packs, purpose, cancellation);
        }
    }
}
