using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Lab.Prover;

/// <summary>Part of a file: the whole of it, or a logical volume inside it. Reads outside are errors, never zeros.</summary>
internal sealed class Region
{
    private readonly SafeFileHandle _file;
    private readonly long _start;

    private Region(SafeFileHandle file, long start, long length) => (_file, _start, Length) = (file, start, length);

    public long Length { get; }

    public static Region Whole(SafeFileHandle file) => new(file, 0, RandomAccess.GetLength(file));

    public Region Part(long start, long length)
    {
        Check(start, length);
        return new Region(_file, _start + start, length);
    }

    public byte[] Read(long offset, int count)
    {
        var bytes = new byte[count];
        Read(offset, bytes);
        return bytes;
    }

    public void Read(long offset, Span<byte> bytes)
    {
        Check(offset, bytes.Length);
        for (var at = _start + offset; !bytes.IsEmpty;)
        {
            var got = RandomAccess.Read(_file, bytes, at);
            if (got == 0) throw new InvalidDataException($"The file ends at byte {at}.");
            bytes = bytes[got..];
            at += got;
        }
    }

    private void Check(long offset, long count)
    {
        if (offset < 0 || count < 0 || offset + count > Length) throw new InvalidDataException($"Bytes {offset} to {offset + count} are outside the {Length} bytes that are there.");
    }
}
