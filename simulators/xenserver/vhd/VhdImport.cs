using System.Buffers.Binary;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// Writes a VHD that arrives as a stream into a disk: footer copy, header, table, then the blocks in the order in which they lie in the
/// stream. What is absent in a full VHD is left as it is; a differencing VHD lays its sectors over what is there.
/// </summary>
internal sealed class VhdImport(Stream source, VhdDisk disk)
{
    private readonly byte[] _skip = new byte[64 * 1024];
    private long _at;

    /// <exception cref="InvalidDataException">The stream is no VHD, is not of the disk's size, or ends early.</exception>
    public async Task RunAsync(Action<double> progress, CancellationToken cancellation)
    {
        var head = await ReadAsync(VhdFooter.Size + VhdHeader.Size, cancellation);
        var footer = VhdFooter.Decode(head) ?? throw new InvalidDataException("The stream begins with no footer of a dynamic VHD.");
        var header = VhdHeader.Decode(head.AsSpan(VhdFooter.Size)) ?? throw new InvalidDataException("The VHD's header cannot be read.");
        if (footer.CurrentSize > disk.Length || header.Entries < 0 || (long)header.Entries * VhdHeader.BlockSize < footer.CurrentSize || header.Entries > VhdHeader.LargestTable)
            throw new InvalidDataException($"A VHD of {footer.CurrentSize} bytes does not fit the disk's {disk.Length}.");
        await SkipToAsync(header.TableOffset, cancellation);
        var table = await ReadAsync(header.Entries * 4, cancellation);
        var blocks = new List<(uint Sector, int Block)>();
        for (var i = 0; i < header.Entries; i++)
            if (BinaryPrimitives.ReadUInt32BigEndian(table.AsSpan(i * 4)) is not uint.MaxValue and var sector)
                blocks.Add((sector, i));
        blocks.Sort();
        for (var i = 0; i < blocks.Count; i++)
        {
            await SkipToAsync(blocks[i].Sector * (long)VhdLayout.Sector, cancellation);
            Write(blocks[i].Block, await ReadAsync(VhdLayout.BitmapSize + VhdHeader.BlockSize, cancellation), footer.CurrentSize);
            progress((i + 1.0) / blocks.Count);
        }

        if (!(await ReadAsync(VhdFooter.Size, cancellation)).AsSpan().SequenceEqual(head.AsSpan(0, VhdFooter.Size)))
            await FindFooterAsync(head.AsMemory(0, VhdFooter.Size), cancellation);
    }

    private void Write(int block, byte[] bytes, long size)
    {
        var offset = (long)block * VhdHeader.BlockSize;
        var sectors = (int)Math.Min(VhdHeader.BlockSize, Math.Max(0, size - offset)) / VhdLayout.Sector;
        for (var s = 0; s < sectors;)
        {
            var run = s;
            while (run < sectors && (bytes[run / 8] & (0x80 >> (run % 8))) != 0)
                run++;
            if (run > s)
                disk.Write(offset + (s * VhdLayout.Sector), bytes.AsSpan(VhdLayout.BitmapSize + (s * VhdLayout.Sector), (run - s) * VhdLayout.Sector));
            s = run + 1;
        }
    }

    /// <summary>A file may have a gap before its last 512 bytes.</summary>
    private async Task FindFooterAsync(ReadOnlyMemory<byte> footer, CancellationToken cancellation)
    {
        var last = new byte[VhdFooter.Size];
        int read;
        while ((read = await source.ReadAtLeastAsync(_skip, VhdFooter.Size, throwOnEndOfStream: false, cancellation)) >= VhdFooter.Size)
            _skip.AsSpan(read - VhdFooter.Size, VhdFooter.Size).CopyTo(last);
        if (read != 0 || !last.AsSpan().SequenceEqual(footer.Span))
            throw new InvalidDataException("The VHD does not end with its footer.");
    }

    private async Task<byte[]> ReadAsync(int length, CancellationToken cancellation)
    {
        var bytes = new byte[length];
        try
        {
            await source.ReadExactlyAsync(bytes, cancellation);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"The VHD ends after {_at} bytes.", e);
        }

        _at += length;
        return bytes;
    }

    private async Task SkipToAsync(long offset, CancellationToken cancellation)
    {
        if (offset < _at)
            throw new InvalidDataException("Parts of the VHD overlap.");
        while (_at < offset)
        {
            var read = await source.ReadAsync(_skip.AsMemory(0, (int)Math.Min(_skip.Length, offset - _at)), cancellation);
            if (read == 0)
                throw new InvalidDataException($"The VHD ends after {_at} bytes.");
            _at += read;
        }
    }
}
