using System.Buffers.Binary;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// The stream that <c>export_raw_vdi?format=vhd</c> sends: creator "caml", footer, header, one empty sector, table at 2,048, allocated
/// blocks in order and without gaps, each with a full bitmap, footer. Its length follows from the table.
/// </summary>
internal sealed class VhdExport
{
    private const long TableOffset = 2048;
    private readonly IBlockDevice _disk;
    private readonly List<int> _blocks = [];
    private readonly byte[] _footer;
    private readonly byte[] _head;

    /// <param name="parent">With it, only blocks that differ from this disk are sent, as a differencing VHD on the parent's id.</param>
    public VhdExport(IBlockDevice disk, Guid id, DateTimeOffset at, (IBlockDevice Disk, Guid Id)? parent = null)
    {
        _disk = disk;
        if (parent is { } known)
            AddDifferences(known.Disk);
        else
            foreach (var (offset, length) in disk.AllocatedExtents())
                for (var o = offset; o < offset + length; o += VhdHeader.BlockSize)
                    _blocks.Add((int)(o / VhdHeader.BlockSize));
        var entries = new VhdLayout(disk.Length).Entries;
        var tableSize = (entries * 4L + 511) / 512 * 512;
        _footer = new VhdFooter(disk.Length, id, VhdFooter.TimestampOf(at), "caml", 0x00000001, Hidden: false, Differencing: parent is not null).Encode();
        _head = new byte[TableOffset + tableSize];
        _footer.CopyTo(_head, 0);
        new VhdHeader(TableOffset, entries, parent?.Id ?? default).Encode().CopyTo(_head, VhdFooter.Size);
        _head.AsSpan((int)TableOffset).Fill(0xFF);
        var sector = (uint)(_head.Length / 512);
        foreach (var block in _blocks)
        {
            BinaryPrimitives.WriteUInt32BigEndian(_head.AsSpan((int)TableOffset + (block * 4)), sector);
            sector += 1 + (VhdHeader.BlockSize / 512);
        }
    }

    public long Length => _head.Length + (_blocks.Count * (long)(VhdLayout.BitmapSize + VhdHeader.BlockSize)) + _footer.Length;

    private void AddDifferences(IBlockDevice parent)
    {
        var (ours, theirs) = (new byte[VhdHeader.BlockSize], new byte[VhdHeader.BlockSize]);
        for (var block = 0; (long)block * VhdHeader.BlockSize < _disk.Length; block++)
        {
            var offset = (long)block * VhdHeader.BlockSize;
            var length = (int)Math.Min(VhdHeader.BlockSize, _disk.Length - offset);
            _disk.Read(offset, ours.AsSpan(0, length));
            // A disk that grew has nothing to compare with at its end.
            var known = (int)Math.Clamp(parent.Length - offset, 0, length);
            theirs.AsSpan().Clear();
            parent.Read(Math.Min(offset, parent.Length - known), theirs.AsSpan(0, known));
            if (!ours.AsSpan(0, length).SequenceEqual(theirs.AsSpan(0, length)))
                _blocks.Add(block);
        }
    }

    /// <summary>The stream in pieces; a buffer handed out is valid until the next one.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Pieces()
    {
        yield return _head;
        var buffer = new byte[VhdLayout.BitmapSize + VhdHeader.BlockSize];
        buffer.AsSpan(0, VhdLayout.BitmapSize).Fill(0xFF);
        foreach (var block in _blocks)
        {
            var offset = (long)block * VhdHeader.BlockSize;
            var length = (int)Math.Min(VhdHeader.BlockSize, _disk.Length - offset);
            buffer.AsSpan(VhdLayout.BitmapSize + length).Clear();
            _disk.Read(offset, buffer.AsSpan(VhdLayout.BitmapSize, length));
            yield return buffer;
        }

        yield return _footer;
    }
}
