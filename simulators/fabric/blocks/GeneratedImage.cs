namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>A disk whose content follows from its number: pieces of generated pages spread evenly over zeros. No page of it is in another disk.</summary>
/// <param name="Number">From 0.</param>
/// <param name="DiskBytes">Size of the disk.</param>
/// <param name="DataBytes">How many of these bytes are not zeros.</param>
public sealed record GeneratedImage(int Number, long DiskBytes, long DataBytes)
{
    /// <summary>Length of a piece and, on the disk, its alignment: a file system's run, and one block of a VHD.</summary>
    public const int Piece = 2 << 20;

    /// <summary>Where the pieces lie, in order.</summary>
    public IEnumerable<long> Offsets()
    {
        var (count, places) = (DataBytes / Piece, DiskBytes / Piece);
        for (long i = 0; i < count; i++)
        {
            yield return i * places / count * Piece;
        }
    }

    /// <summary>The piece that begins there.</summary>
    public void Fill(long offset, Span<byte> piece)
    {
        for (var at = 0; at < piece.Length; at += GeneratedPage.Size)
        {
            // Disk and page make the seed, and it is never 0.
            GeneratedPage.Fill(((ulong)(Number + 1) << 40) | (ulong)((offset + at) / GeneratedPage.Size), piece.Slice(at, GeneratedPage.Size));
        }
    }

    /// <exception cref="ArgumentException">Such a disk cannot be.</exception>
    public void Check()
    {
        if (Number < 0 || DiskBytes <= 0 || DiskBytes % Piece != 0 || DataBytes % Piece != 0 || DataBytes < 0 || DataBytes > DiskBytes)
        {
            throw new ArgumentException($"A generated disk has a number from 0, and sizes in multiples of {Piece} with no more data than disk.");
        }
    }
}
