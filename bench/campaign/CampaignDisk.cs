using System.Security.Cryptography;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Bench.Campaign;

/// <summary>The disk of one volume: pieces of data that follow from its number and that no other disk holds, spread over zeros.</summary>
internal static class CampaignDisk
{
    /// <summary>SHA-256 of the whole disk, in hexadecimal.</summary>
    public static string Hash(int number, long diskBytes, long dataBytes)
    {
        var image = new GeneratedImage(number, diskBytes, dataBytes);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (zeros, piece) = (new byte[GeneratedImage.Piece], new byte[GeneratedImage.Piece]);
        long done = 0;
        foreach (var at in image.Offsets())
        {
            for (; done < at; done += zeros.Length) hash.AppendData(zeros);
            image.Fill(at, piece);
            hash.AppendData(piece);
            done += piece.Length;
        }

        for (; done < diskBytes; done += zeros.Length) hash.AppendData(zeros);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
