using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Vhd;

namespace SnapshotWorkflows.Secondary.Copies;

/// <summary>
/// A copy as a forward-only stream of known length, raw or as a VHD. What it hands out is hashed on the way, and the last piece is handed out only when the root of the whole disk is the manifest's: whoever takes the
/// stream to its end has the right disk, and whoever takes it from a damaged copy never gets there.
/// </summary>
/// <remarks>Reads one group ahead of what is taken, so that the store and the taker work at the same time. Owns nothing; the copy may be closed when this is disposed of. Memory: 4 MiB, and the front of the VHD.</remarks>
public sealed class CopyStream : Stream
{
    private static readonly byte[] s_zeros = new byte[DiskRoot.GroupBytes];

    private readonly CopyDisk _copy;
    private readonly VhdFront? _vhd;
    private readonly DiskRootBuilder _root;
    private AlignedBuffer _group = new(DiskRoot.GroupBytes);
    private AlignedBuffer _spare = new(DiskRoot.GroupBytes);
    private Task<int>? _ahead;
    private readonly Queue<ReadOnlyMemory<byte>> _ready = new();
    private readonly byte[] _hashes = new byte[DiskRoot.LeavesPerGroup * DiskRoot.HashBytes];
    private ReadOnlyMemory<byte> _piece;
    private long _position;
    private long _next;

    internal CopyStream(CopyDisk copy, VhdFront? vhd)
    {
        (_copy, _vhd) = (copy, vhd);
        _root = new DiskRootBuilder(copy.DiskBytes);
        Length = vhd?.DataBytes ?? copy.DiskBytes;
        if (vhd is not null)
            _ready.Enqueue(vhd.Bytes);
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length { get; }

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException("This stream only goes forward.");
    }

    private long Count => _vhd is null ? DiskRoot.GroupCount(_copy.DiskBytes) : _vhd.Blocks.Count;

    /// <exception cref="DiskContentException"><c>restore.root</c>: the copy's bytes are not those that the manifest stands for; <c>disk.short</c>.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _position == Length)
            return 0;
        while (_piece.IsEmpty)
        {
            if (!_ready.TryDequeue(out _piece))
                await LoadAsync(cancellationToken);
        }
        var count = Math.Min(buffer.Length, _piece.Length);
        _piece[..count].CopyTo(buffer);
        _piece = _piece[count..];
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("This stream only goes forward.");
    public override void SetLength(long value) => throw new NotSupportedException("This stream is read-only.");
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("This stream is read-only.");

    /// <summary>Ends the reading ahead.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (_ahead is { } ahead)
            await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.DisposeAsync();
    }

    private async ValueTask LoadAsync(CancellationToken cancellation)
    {
        if (_next == Count)
        {
            // Also of a disk without any block.
            Demand();
            _ready.Enqueue(_vhd!.Footer);
            return;
        }
        var (group, offset, length) = At(_next);
        _next++;
        if (_copy.MayHoldData(offset, length))
        {
            var read = await (_ahead ?? ReadAsync(offset, length, cancellation));
            (_group, _spare, _ahead) = (_spare, _group, null);
            if (read != length)
                throw new DiskContentException("disk.short", $"The copy ended within the {length} bytes at {offset}.", "The copy was cut off: verify it, and restore from another one.", new DiskExtent(offset, length));
            _group.Span[length..].Clear();
            _root.AddGroup(group, GroupHash.Leaves(_group.Span, length, _hashes));
            Enqueue(_group.Memory, length);
        }
        else
            Enqueue(s_zeros, length);
        if (_ahead is null && _next < Count && At(_next) is var (_, ahead, count) && _copy.MayHoldData(ahead, count))
            _ahead = ReadAsync(ahead, count, cancellation);
        // Nothing of the last piece is out by now.
        if (_next == Count)
            Demand();
    }

    private (long Group, long Offset, int Length) At(long index)
    {
        var group = _vhd is null ? index : _vhd.Blocks[(int)index];
        return (group, group * DiskRoot.GroupBytes, (int)Math.Min(DiskRoot.GroupBytes, _copy.DiskBytes - group * DiskRoot.GroupBytes));
    }

    private async Task<int> ReadAsync(long offset, int length, CancellationToken cancellation) => await _copy.ReadAsync(offset, _spare.Memory[..length], cancellation);

    private void Enqueue(ReadOnlyMemory<byte> bytes, int length)
    {
        if (_vhd is not null)
            _ready.Enqueue(VhdWriter.FullBitmap);
        _ready.Enqueue(bytes[..(_vhd is null ? length : DiskRoot.GroupBytes)]);
    }

    private void Demand()
    {
        if (_root.Root().Hex is var root && root != _copy.Manifest.Root)
        {
            throw new DiskContentException("restore.root", $"The disk that was read has the root {root}, the manifest's is {_copy.Manifest.Root}.", "The copy is damaged: verify it, and restore from another one.",
                new DiskExtent(0, _copy.DiskBytes));
        }
    }
}
