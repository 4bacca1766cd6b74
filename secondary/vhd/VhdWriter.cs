using System.Buffers.Binary;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>
/// Writes self-contained dynamic VHDs: footer, header, block table, blocks with full bitmaps, footer. Blocks of zeros are left out.
/// </summary>
/// <remarks>
/// The header's place and the table's are those of libvhd (512 and 1,536); blocks follow each other without gaps. Memory: the block table and one block.
/// </remarks>
public static class VhdWriter
{
    private static readonly byte[] s_fullBitmap = MakeFullBitmap();

    internal static ReadOnlyMemory<byte> FullBitmap => s_fullBitmap;

    /// <summary>Blocks in any order, each at most once, onto a stream that can seek (the table is written last).</summary>
    /// <exception cref="VhdException"><c>vhd.block</c>: an index outside the disk, one given twice, or data of a wrong length.</exception>
    public static async Task<VhdWriteReceipt> WriteAsync(IAsyncEnumerable<VhdBlock> blocks, Stream target, VhdWriteOptions options, CancellationToken cancellation)
    {
        var footer = options.Footer().Write();
        var header = options.Header();
        var table = NewTable(header);
        var next = DataStart(header);
        var allocated = 0;
        await foreach (var block in blocks.WithCancellation(cancellation))
        {
            DemandFits(block, table, options.DiskBytes);
            if (!block.Data.Span.ContainsAnyExcept((byte)0))
                continue;
            target.Position = next;
            await WriteBlockAsync(target, block.Data, cancellation);
            table[block.Index] = (uint)(next / VhdFormat.SectorBytes);
            next += BlockStride;
            allocated++;
        }
        target.Position = next;
        await target.WriteAsync(footer, cancellation);
        target.SetLength(target.Position);
        // The beginning comes last: a file whose writer died has no footer copy, and nobody takes it for a VHD.
        target.Position = 0;
        await WriteFrontAsync(target, footer, header, table, cancellation);
        await target.FlushAsync(cancellation);
        return new VhdWriteReceipt(next + VhdFormat.FooterBytes, allocated);
    }

    /// <summary>
    /// A disk onto a forward-only stream: one pass over the disk's extents to lay out the table, one to write. The result's length is known from the first pass.
    /// </summary>
    public static async Task<VhdWriteReceipt> WriteAsync(ISparseDisk disk, Stream target, VhdWriteOptions options, CancellationToken cancellation)
    {
        if (options.DiskBytes != disk.DiskBytes)
            throw new ArgumentException($"The options say {options.DiskBytes} bytes, the disk has {disk.DiskBytes}.", nameof(options));
        var front = await VhdFront.OfAsync(disk, options, cancellation);
        await target.WriteAsync(front.Bytes, cancellation);
        var buffer = new byte[VhdFormat.DefaultBlockBytes];
        foreach (var block in front.Blocks)
        {
            var offset = block * VhdFormat.DefaultBlockBytes;
            var length = (int)Math.Min(buffer.Length, disk.DiskBytes - offset);
            if (await disk.ReadAsync(offset, buffer.AsMemory(0, length), cancellation) != length)
            {
                throw new DiskContentException("disk.short", $"The disk ended within block {block}.",
                    "The source is shorter than it says: read it anew.", new DiskExtent(offset, length));
            }
            await WriteBlockAsync(target, buffer.AsMemory(0, length), cancellation);
        }
        await target.WriteAsync(front.Footer, cancellation);
        await target.FlushAsync(cancellation);
        return new VhdWriteReceipt(front.DataBytes, front.Blocks.Count);
    }

    internal static long BlockStride => s_fullBitmap.Length + VhdFormat.DefaultBlockBytes;

    internal static long DataStart(VhdHeader header) => VhdFormat.FirstTableOffset + VhdFormat.RoundUpToSector(header.TableEntries * 4L);

    internal static uint[] NewTable(VhdHeader header)
    {
        var table = new uint[header.TableEntries];
        Array.Fill(table, VhdFormat.AbsentBlock);
        return table;
    }

    private static async Task WriteFrontAsync(Stream target, byte[] footer, VhdHeader header, uint[] table, CancellationToken cancellation) =>
        await target.WriteAsync(Front(footer, header, table, DataStart(header)), cancellation);

    /// <summary>Everything before the first block: footer copy, header, table.</summary>
    internal static byte[] Front(byte[] footer, VhdHeader header, uint[] table, long dataStart)
    {
        var front = new byte[dataStart];
        footer.CopyTo(front, 0);
        header.Write().CopyTo(front, VhdFormat.FooterBytes);
        // The padding of the last table sector reads as absent entries, as libvhd has it.
        front.AsSpan(VhdFormat.FirstTableOffset, (int)(DataStart(header) - VhdFormat.FirstTableOffset)).Fill(0xFF);
        for (var i = 0; i < table.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(front.AsSpan(VhdFormat.FirstTableOffset + i * 4), table[i]);
        return front;
    }

    private static async Task WriteBlockAsync(Stream target, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        await target.WriteAsync(s_fullBitmap, cancellation);
        await target.WriteAsync(data, cancellation);
        if (data.Length < VhdFormat.DefaultBlockBytes)
            await target.WriteAsync(new byte[VhdFormat.DefaultBlockBytes - data.Length], cancellation);
    }

    private static void DemandFits(VhdBlock block, uint[] table, long diskBytes)
    {
        var offset = (long)block.Index * VhdFormat.DefaultBlockBytes;
        if (block.Index < 0 || block.Index >= table.Length
            || block.Data.Length != Math.Min(VhdFormat.DefaultBlockBytes, diskBytes - offset)
            || table[block.Index] != VhdFormat.AbsentBlock)
        {
            throw new VhdException("vhd.block", $"Block {block.Index} of {block.Data.Length} bytes is outside the disk, of a wrong length, or given twice.",
                "Give every block of the disk at most once: 2 MiB each, the last one as long as the disk goes.", offset);
        }
    }

    private static byte[] MakeFullBitmap()
    {
        var bitmap = new byte[VhdFormat.BitmapBytes(VhdFormat.DefaultBlockBytes)];
        Array.Fill(bitmap, (byte)0xFF);
        return bitmap;
    }
}
