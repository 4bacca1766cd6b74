namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>
/// A disk as the bytes of a self-contained dynamic VHD, read forward once: footer, header, block table, blocks with full bitmaps, footer. Its length is known before anything is read, as
/// those who upload it need. What the disk says it does not hold is left out; a block may be all zeros. Owns nothing. Memory: the block table and two blocks.
/// </summary>
public sealed class VhdDiskStream : Stream
{
    private const int BlockBytes = VhdFormat.DefaultBlockBytes;

    private readonly ISparseDisk _disk;
    private readonly byte[] _front;
    private readonly byte[] _footer;
    private readonly List<int> _blocks = [];
    private readonly CancellationToken _cancellation;
    private byte[] _buffer = new byte[BlockBytes];
    private byte[] _spare = new byte[BlockBytes];
    private Task? _ahead;
    private int _filled = -1;
    private long _position;

    /// <param name="cancellation">Ends the reading ahead too.</param>
    public VhdDiskStream(ISparseDisk disk, VhdWriteOptions options, CancellationToken cancellation)
    {
        if (options.DiskBytes != disk.DiskBytes)
            throw new ArgumentException($"The options say {options.DiskBytes} bytes, the disk has {disk.DiskBytes}.", nameof(options));
        (_disk, _cancellation) = (disk, cancellation);
        var header = options.Header();
        var table = VhdWriter.NewTable(header);
        var next = VhdWriter.DataStart(header);
        for (var block = 0; block < table.Length; block++)
        {
            if (!disk.MayHoldData((long)block * BlockBytes, BlockBytes))
                continue;
            table[block] = (uint)(next / VhdFormat.SectorBytes);
            next += VhdWriter.BlockStride;
            _blocks.Add(block);
        }
        _footer = options.Footer().Write();
        _front = VhdWriter.Front(_footer, header, table, VhdWriter.DataStart(header));
        Length = next + _footer.Length;
    }

    public override long Length { get; }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException("This stream is read forward only.");
    }

    /// <exception cref="DiskContentException"><c>disk.short</c>: the disk ended within a block.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var part = await PartAsync();
        var length = Math.Min(buffer.Length, part.Length);
        part[..length].CopyTo(buffer);
        _position += length;
        return length;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("This stream is read forward only.");
    public override void SetLength(long value) => throw new NotSupportedException("This stream is read-only.");
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("This stream is read-only.");

    /// <summary>Ends the reading ahead, so that the disk can be closed after it.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (_ahead is { } ahead)
            await ahead.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.DisposeAsync();
    }

    /// <summary>The bytes from the position on, up to where the next part begins.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> PartAsync()
    {
        if (_position < _front.Length)
            return _front.AsMemory((int)_position);
        var inBlocks = _position - _front.Length;
        var index = (int)(inBlocks / VhdWriter.BlockStride);
        if (index >= _blocks.Count)
            return _footer.AsMemory((int)Math.Min(_footer.Length, inBlocks - _blocks.Count * VhdWriter.BlockStride));
        var at = (int)(inBlocks % VhdWriter.BlockStride);
        if (at < VhdWriter.FullBitmap.Length)
            return VhdWriter.FullBitmap[at..];
        if (_filled != index)
        {
            await (_ahead ?? FillAsync(index));
            (_buffer, _spare) = (_spare, _buffer);
            _filled = index;
            // The store and the taker work at the same time.
            _ahead = index + 1 < _blocks.Count ? FillAsync(index + 1) : null;
        }
        return _buffer.AsMemory(at - VhdWriter.FullBitmap.Length);
    }

    private async Task FillAsync(int index)
    {
        var offset = (long)_blocks[index] * BlockBytes;
        var length = (int)Math.Min(BlockBytes, _disk.DiskBytes - offset);
        for (var done = 0; done < length;)
        {
            var read = await _disk.ReadAsync(offset + done, _spare.AsMemory(done, length - done), _cancellation);
            if (read == 0)
                throw new DiskContentException("disk.short", $"The disk ended within block {_blocks[index]}.", "The source is shorter than it says: read it anew.", new DiskExtent(offset, length));
            done += read;
        }
        _spare.AsSpan(length).Clear();
    }
}
