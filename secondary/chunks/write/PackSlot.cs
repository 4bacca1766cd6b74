using SnapshotWorkflows.Secondary.Chunks.Codec;
using SnapshotWorkflows.Secondary.Chunks.Format;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>One worker's pack. The worker alone fills it; whoever needs it in the store can have it sealed early.</summary>
internal sealed class PackSlot(PackUploads uploads) : IDisposable
{
    private readonly Lock _gate = new();
    private PackBuilder? _pack;

    public async ValueTask<LeafLocation> AppendAsync(ReadOnlyMemory<byte> leaf, LeafHash id, LeafCodec codec, CancellationToken cancellation)
    {
        while (true)
        {
            LeafLocation? location = null;
            PackBuilder? full = null;
            lock (_gate)
            {
                if (_pack is not null)
                {
                    var (offset, stored) = _pack.Append(leaf.Span, id, codec);
                    location = new LeafLocation(_pack.Number, offset, stored);
                    if (_pack.IsFull)
                        (full, _pack) = (_pack, null);
                }
            }
            if (full is not null)
                await uploads.SealAsync(full);
            if (location is not null)
                return location.Value;
            var fresh = await uploads.BeginAsync(cancellation);
            lock (_gate)
                _pack = fresh;
        }
    }

    /// <summary>Seals the pack of that number, if it is this one; any pack where none is given.</summary>
    public async ValueTask SealAsync(int? number = null)
    {
        PackBuilder? pack = null;
        lock (_gate)
        {
            if (_pack is not null && (number is null || _pack.Number == number))
                (pack, _pack) = (_pack, null);
        }
        if (pack is not null)
            await uploads.SealAsync(pack);
    }

    public void Dispose() => _pack?.Dispose();
}
