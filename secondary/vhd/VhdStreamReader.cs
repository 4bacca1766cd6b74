using System.Runtime.CompilerServices;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>
/// Reads a dynamic VHD from a forward-only stream in the order in which xapi exports one: footer, header, block table, blocks, footer. Blocks may lie in any order and with gaps.
/// </summary>
/// <remarks>HTTP 200 says nothing about an export's completeness: the length that follows from the table, and the footer at that place, do. Blocks must have 2 MiB, as xapi's have.</remarks>
public sealed class VhdStreamReader
{
    private readonly Stream _stream;
    private readonly VhdLayout _layout;
    private readonly byte[] _firstFooter;
    private long _position;

    private VhdStreamReader(Stream stream, VhdLayout layout, byte[] firstFooter, long position)
    {
        _stream = stream;
        _layout = layout;
        _firstFooter = firstFooter;
        _position = position;
    }

    public VhdFooter Footer => _layout.Footer;

    public long DiskBytes => _layout.Footer.CurrentBytes;

    /// <summary>Length of the whole stream, known from the block table.</summary>
    public long TotalBytes => _layout.DataEnd() + VhdFormat.FooterBytes;

    public int AllocatedBlocks => _layout.Table.Count(sector => sector != VhdFormat.AbsentBlock);

    /// <summary>Reads up to the end of the block table.</summary>
    public static async Task<VhdStreamReader> OpenAsync(Stream stream, CancellationToken cancellation)
    {
        var footerBytes = new byte[VhdFormat.FooterBytes];
        await ReadAsync(stream, footerBytes, 0, "the first footer", cancellation);
        var footer = VhdLayout.ParseFooter(footerBytes, 0);
        if (footer.Type == VhdType.Fixed)
        {
            throw new VhdException("vhd.fixed-stream", "A fixed VHD has no footer at its beginning and cannot be streamed.",
                "Read it from a file, or export it as raw.", 0);
        }
        long position = VhdFormat.FooterBytes;
        position = await SkipAsync(stream, position, (long)footer.DataOffset, "the header", cancellation);
        var headerBytes = new byte[VhdFormat.HeaderBytes];
        await ReadAsync(stream, headerBytes, position, "the dynamic header", cancellation);
        position += VhdFormat.HeaderBytes;
        var header = VhdLayout.ParseHeader(headerBytes, footer);
        if (header.BlockBytes != DiskRoot.GroupBytes)
            throw VhdException.Damaged("vhd.block-size", (long)footer.DataOffset, $"Blocks of {header.BlockBytes} bytes are not read from a stream, only those of 2 MiB");
        position = await SkipAsync(stream, position, header.TableOffset, "the block table", cancellation);
        var table = new byte[VhdLayout.BlockCount(footer, header) * 4];
        await ReadAsync(stream, table, position, "the block table", cancellation);
        return new VhdStreamReader(stream, VhdLayout.Dynamic(footer, header, table), footerBytes, position + table.Length);
    }

    /// <summary>The blocks in the stream's order, absent sectors zeroed; then checks the last footer and that nothing follows.</summary>
    internal async IAsyncEnumerable<DiskPiece> PiecesAsync(BufferPool buffers, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var bitmap = new byte[_layout.BitmapBytes];
        foreach (var (start, block) in InFileOrder())
        {
            _position = await SkipAsync(_stream, _position, start, $"block {block}", cancellation);
            await ReadAsync(_stream, bitmap, _position, $"the bitmap of block {block}", cancellation);
            var buffer = await buffers.RentAsync(cancellation);
            await ReadAsync(_stream, buffer.Memory[.._layout.BlockBytes], _position + bitmap.Length, $"block {block}", cancellation);
            _position += bitmap.Length + _layout.BlockBytes;
            VhdBitmap.Apply(bitmap, 0, buffer.Span[.._layout.BlockBytes]);
            var offset = (long)block * _layout.BlockBytes;
            yield return new DiskPiece(offset, buffer, (int)Math.Min(_layout.BlockBytes, DiskBytes - offset));
        }
        await EndAsync(cancellation);
    }

    private async Task EndAsync(CancellationToken cancellation)
    {
        _position = await SkipAsync(_stream, _position, _layout.DataEnd(), "the last footer", cancellation);
        var last = new byte[VhdFormat.FooterBytes];
        await ReadAsync(_stream, last, _position, "the last footer", cancellation);
        if (!last.AsSpan().SequenceEqual(_firstFooter))
            throw VhdException.Damaged("vhd.footers-differ", _position, "The last footer is not the first one");
        _position += last.Length;
        if (await _stream.ReadAsync(last.AsMemory(0, 1), cancellation) != 0)
            throw VhdException.Damaged("vhd.trailing", _position, "The stream goes on after the last footer");
    }

    private List<(long Start, int Block)> InFileOrder()
    {
        var order = new List<(long Start, int Block)>();
        for (var block = 0; block < _layout.Table.Length; block++)
        {
            if (_layout.Table[block] != VhdFormat.AbsentBlock)
                order.Add((_layout.Table[block] * (long)VhdFormat.SectorBytes, block));
        }
        order.Sort();
        return order;
    }

    private static async Task<long> SkipAsync(Stream stream, long position, long target, string to, CancellationToken cancellation)
    {
        if (target < position)
            throw VhdException.Damaged("vhd.overlap", target, $"What comes next in the stream overlaps {to}");
        var scratch = new byte[Math.Min(65_536, target - position)];
        while (position < target)
        {
            var step = (int)Math.Min(scratch.Length, target - position);
            await ReadAsync(stream, scratch.AsMemory(0, step), position, $"the gap before {to}", cancellation);
            position += step;
        }
        return position;
    }

    private static async Task ReadAsync(Stream stream, Memory<byte> buffer, long position, string what, CancellationToken cancellation)
    {
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        if (read < buffer.Length)
            throw VhdException.Damaged("vhd.truncated", position + read, $"The stream ended within {what}");
    }
}
