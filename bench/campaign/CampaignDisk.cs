using System.Security.Cryptography;

namespace SnapshotWorkflows.Bench.Campaign;

/// <summary>The disk of one volume: pieces of data that follow from its number and that no other disk holds, spread over a sparse file.</summary>
internal static class CampaignDisk
{
    private const int Piece = 1 << 20;

    public static void Write(string path, int number, long diskBytes, long dataBytes)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None);
        RandomAccess.SetLength(file, diskBytes);
        foreach (var (at, piece) in Pieces(number, diskBytes, dataBytes)) RandomAccess.Write(file, piece, at);
    }

    /// <summary>SHA-256 of the whole disk, in hexadecimal.</summary>
    public static string Hash(int number, long diskBytes, long dataBytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var zeros = new byte[Piece];
        long done = 0;
        foreach (var (at, piece) in Pieces(number, diskBytes, dataBytes))
        {
            for (; done < at; done += Piece) hash.AppendData(zeros);
            hash.AppendData(piece);
            done += Piece;
        }

        for (; done < diskBytes; done += Piece) hash.AppendData(zeros);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static IEnumerable<(long At, byte[] Piece)> Pieces(int number, long diskBytes, long dataBytes)
    {
        var random = new Random(unchecked(number * 7_919 + 17));
        var piece = new byte[Piece];
        var (count, places) = (dataBytes / Piece, diskBytes / Piece);
        for (long i = 0; i < count; i++)
        {
            random.NextBytes(piece);
            yield return (i * places / count * Piece, piece);
        }
    }
}
