using System.Runtime.CompilerServices;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>
/// Reads the logical disk out of a fixed or dynamic VHD. Many reads may run at once. Memory: the block table (4.2 MB for 2040 GiB).
/// </summary>
public sealed class VhdReader : ISparseDisk
{
    private readonly IRandomAccessSource _source;
    private readonly VhdLayout _layout;

    // The last bitmap read: small reads in order would otherwise read it again each time. Swapped as a whole, so readers never see half of one.
    private CachedBitmap? _bitmap;

    private VhdReader(IRandomAccessSource source, VhdLayout layout)
    {
        _source = source;
        _layout = layout;
        foreach (var sector in layout.Table)
            AllocatedBlocks += sector == VhdFormat.AbsentBlock ? 0 : 1;
    }

    public VhdFooter Footer => _layout.Footer;

    /// <summary>Null for a fixed disk.</summary>
    public VhdHeader? Header => _layout.Header;

    public long DiskBytes => _layout.Footer.CurrentBytes;

    public int BlockBytes => _layout.BlockBytes;

    public int AllocatedBlocks { get; }

    /// <summary>A block whose bitmap leaves a sector out is damage, as in a VHD that we wrote ourselves.</summary>
    internal bool DemandFullBitmaps { get; set; }

    /// <summary>Bytes of the disk that the file has room for.</summary>
    public long AllocatedBytes => _layout.IsFixed ? DiskBytes : (long)AllocatedBlocks * BlockBytes;

    /// <summary>Reads footer, header and block table. The footer at the end counts; where it is damaged, the copy at the beginning does.</summary>
    /// <exception cref="VhdException">With <c>vhd.differencing</c> for a VHD that needs a parent (<see cref="VhdChain"/> reads those); other codes for damage.</exception>
    public static Task<VhdReader> OpenAsync(IRandomAccessSource source, CancellationToken cancellation) => OpenAsync(source, inChain: false, cancellation);

    internal static async Task<VhdReader> OpenAsync(IRandomAccessSource source, bool inChain, CancellationToken cancellation)
    {
        var footer = await ReadFooterAsync(source, inChain, cancellation);
        if (footer.Type == VhdType.Fixed)
        {
            if (source.Length < footer.CurrentBytes + VhdFormat.FooterBytes - 1)
                throw VhdException.Damaged("vhd.truncated", source.Length, $"A fixed disk of {footer.CurrentBytes} bytes does not fit into this file");
            return new VhdReader(source, VhdLayout.Fixed(footer));
        }

        if (footer.DataOffset > (ulong)source.Length)
            throw VhdException.Damaged("vhd.header-offset", VhdFormat.FooterBytes, $"The dynamic header cannot be at byte {footer.DataOffset}");
        var headerBytes = new byte[VhdFormat.HeaderBytes];
        await ReadAsync(source, (long)footer.DataOffset, headerBytes, "the dynamic header", cancellation);
        var header = VhdLayout.ParseHeader(headerBytes, footer);
        var table = new byte[VhdLayout.BlockCount(footer, header) * 4];
        await ReadAsync(source, header.TableOffset, table, "the block table", cancellation);
        var layout = VhdLayout.Dynamic(footer, header, table);
        if (layout.DataEnd() > source.Length)
            throw VhdException.Damaged("vhd.truncated", source.Length, $"The block table names blocks up to byte {layout.DataEnd()}, the file ends before");
        return new VhdReader(source, layout);
    }

    public bool MayHoldData(long offset, long length)
    {
        if (length <= 0 || offset >= DiskBytes)
            return false;
        if (_layout.IsFixed)
            return true;
        var last = Math.Min(offset + length, DiskBytes) - 1;
        for (var block = offset / BlockBytes; block <= last / BlockBytes; block++)
        {
            if (_layout.Table[block] != VhdFormat.AbsentBlock)
                return true;
        }
        return false;
    }

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var wanted = (int)Math.Clamp(DiskBytes - offset, 0, buffer.Length);
        for (var done = 0; done < wanted;)
        {
            var inBlock = (int)((offset + done) % BlockBytes);
            var part = buffer.Slice(done, Math.Min(wanted - done, BlockBytes - inBlock));
            await ReadPartAsync((offset + done) / BlockBytes, inBlock, part, cancellation);
            done += part.Length;
        }
        return wanted;
    }

    /// <summary>What the bitmaps say is there, sector by sector.</summary>
    public async IAsyncEnumerable<DiskExtent> ExtentsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        if (_layout.IsFixed)
        {
            yield return new DiskExtent(0, DiskBytes);
            yield break;
        }
        var pending = default(DiskExtent);
        for (var block = 0; block < _layout.Table.Length; block++)
        {
            if (_layout.Table[block] == VhdFormat.AbsentBlock)
                continue;
            var bitmap = await BitmapAsync(block, cancellation);
            var start = (long)block * BlockBytes;
            var sectors = (int)(Math.Min(BlockBytes, DiskBytes - start) / VhdFormat.SectorBytes);
            for (var sector = 0; sector < sectors;)
            {
                var run = VhdBitmap.Run(bitmap, sector, sectors);
                if (VhdBitmap.IsSet(bitmap, sector))
                {
                    var found = new DiskExtent(start + (long)sector * VhdFormat.SectorBytes, (long)run * VhdFormat.SectorBytes);
                    if (pending.Length > 0 && pending.End != found.Offset)
                        yield return pending;
                    pending = pending.Length > 0 && pending.End == found.Offset ? pending with { Length = pending.Length + found.Length } : found;
                }
                sector += run;
            }
        }
        if (pending.Length > 0)
            yield return pending;
    }

    private async ValueTask ReadPartAsync(long block, int inBlock, Memory<byte> part, CancellationToken cancellation)
    {
        if (_layout.IsFixed)
        {
            await ReadAsync(_source, block * BlockBytes + inBlock, part, "data", cancellation);
            return;
        }
        var sector = _layout.Table[block];
        if (sector == VhdFormat.AbsentBlock)
        {
            part.Span.Clear();
            return;
        }
        if (inBlock == 0)
        {
            // Bitmap and data lie together: one read has both, which counts where a read is a request.
            var bits = new byte[_layout.BitmapBytes];
            var at = sector * (long)VhdFormat.SectorBytes;
            if (await _source.ReadAsync(at, bits, part, cancellation) != bits.Length + part.Length)
                throw VhdException.Damaged("vhd.truncated", at, $"The file ends within block {block}");
            Keep((int)block, bits);
            VhdBitmap.Apply(bits, 0, part.Span);
            return;
        }
        var bitmap = await BitmapAsync((int)block, cancellation);
        await ReadAsync(_source, sector * (long)VhdFormat.SectorBytes + _layout.BitmapBytes + inBlock, part, $"block {block}", cancellation);
        VhdBitmap.Apply(bitmap, inBlock, part.Span);
    }

    private async ValueTask<byte[]> BitmapAsync(int block, CancellationToken cancellation)
    {
        if (_bitmap is { } cached && cached.Block == block)
            return cached.Bits;
        var bits = new byte[_layout.BitmapBytes];
        await ReadAsync(_source, _layout.Table[block] * (long)VhdFormat.SectorBytes, bits, $"the bitmap of block {block}", cancellation);
        Keep(block, bits);
        return bits;
    }

    private void Keep(int block, byte[] bits)
    {
        if (DemandFullBitmaps && !VhdBitmap.IsFull(bits, BlockBytes / VhdFormat.SectorBytes))
            throw VhdException.Damaged("vhd.bitmap", _layout.Table[block] * (long)VhdFormat.SectorBytes, $"The bitmap of block {block} leaves sectors out, which this writer never does");
        _bitmap = new CachedBitmap(block, bits);
    }

    /// <summary>Which sectors of a block this file holds itself; null where it holds none.</summary>
    internal async ValueTask<byte[]?> HeldAsync(int block, CancellationToken cancellation) =>
        _layout.Table[block] == VhdFormat.AbsentBlock ? null : await BitmapAsync(block, cancellation);

    /// <summary>Bytes of a block as they lie in the file, whatever its bitmap says.</summary>
    internal ValueTask ReadRawAsync(int block, int inBlock, Memory<byte> part, CancellationToken cancellation) =>
        ReadAsync(_source, _layout.Table[block] * (long)VhdFormat.SectorBytes + _layout.BitmapBytes + inBlock, part, $"block {block}", cancellation);

    private static async Task<VhdFooter> ReadFooterAsync(IRandomAccessSource source, bool inChain, CancellationToken cancellation)
    {
        var bytes = new byte[VhdFormat.FooterBytes];
        if (source.Length < VhdFormat.FooterBytes)
            throw VhdException.Damaged("vhd.truncated", 0, $"A file of {source.Length} bytes is no VHD");
        var end = source.Length - VhdFormat.FooterBytes;
        await ReadAsync(source, end, bytes, "the footer", cancellation);
        if (VhdFooter.HasCookie(bytes) && VhdFooter.ChecksumHolds(bytes))
            return VhdLayout.ParseFooter(bytes, end, inChain);
        var copy = new byte[VhdFormat.FooterBytes];
        await ReadAsync(source, 0, copy, "the footer's copy", cancellation);
        if (VhdFooter.HasCookie(copy) && VhdFooter.ChecksumHolds(copy))
            return VhdLayout.ParseFooter(copy, 0, inChain);
        return VhdLayout.ParseFooter(bytes, end, inChain);
    }

    private static async ValueTask ReadAsync(IRandomAccessSource source, long offset, Memory<byte> buffer, string what, CancellationToken cancellation)
    {
        if (await source.ReadAsync(offset, buffer, cancellation) != buffer.Length)
            throw VhdException.Damaged("vhd.truncated", offset, $"The file ends within {what}");
    }

    private sealed record CachedBitmap(int Block, byte[] Bits);
}
