namespace SnapshotWorkflows.XenServer;

/// <summary>A range of a disk, in bytes.</summary>
public readonly record struct VdiExtent(long Offset, long Length)
{
    public long End => Offset + Length;
}

/// <summary>Which 64 KiB blocks differ between two disks, by the pool's changed block tracking.</summary>
public sealed class VdiChanges
{
    /// <summary>Bytes that one bit stands for.</summary>
    public const int BlockBytes = 64 * 1024;

    private readonly byte[] _bitmap;
    private readonly long _virtualBytes;

    private VdiChanges(byte[] bitmap, long virtualBytes) => (_bitmap, _virtualBytes) = (bitmap, virtualBytes);

    /// <summary>Reads the answer of VDI.list_changed_blocks: base64 of one bit a block, the most significant first.</summary>
    /// <exception cref="FormatException">It is no base64, or it covers less than the disk.</exception>
    /// <remarks>xapi-project/xen-api ocaml/idl/datamodel.ml (64k increments, base64). The order of the bits is that of SM's bitarray; not seen on a live pool.</remarks>
    public static VdiChanges Parse(string base64, long virtualBytes)
    {
        var bitmap = Convert.FromBase64String(base64);
        var blocks = (virtualBytes + BlockBytes - 1) / BlockBytes;
        return bitmap.LongLength * 8 >= blocks
            ? new(bitmap, virtualBytes)
            : throw new FormatException($"The bitmap of {bitmap.Length} bytes covers less than the disk's {virtualBytes} bytes.");
    }

    public bool HasChanged(long offset)
    {
        var block = offset / BlockBytes;
        return (_bitmap[block / 8] & (0x80 >> (int)(block % 8))) != 0;
    }

    /// <summary>The changed ranges, ascending, joined where they touch, cut at the disk's end.</summary>
    public IEnumerable<VdiExtent> Extents()
    {
        long? from = null;
        for (long offset = 0; offset < _virtualBytes; offset += BlockBytes)
        {
            if (HasChanged(offset)) from ??= offset;
            else if (from is { } start)
            {
                yield return new(start, offset - start);
                from = null;
            }
        }
        if (from is { } last) yield return new(last, _virtualBytes - last);
    }
}
