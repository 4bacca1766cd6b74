using System.Buffers.Binary;
using System.Text;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>One of the eight places of a differencing VHD's header that say where its parent is (VHD specification, "Parent Locator Entries").</summary>
/// <param name="Platform"><c>MacX</c>: a file URL in UTF-8; <c>W2ru</c>, <c>W2ku</c>: a relative or absolute Windows path in UTF-16, little-endian.</param>
internal readonly record struct VhdLocator(string Platform, int Length, long Offset)
{
    public const int Bytes = 24;
    public const int LengthMax = 64 * 1024;

    public static IReadOnlyList<VhdLocator> ParseAll(ReadOnlySpan<byte> bytes)
    {
        var found = new List<VhdLocator>();
        for (var at = 0; at + Bytes <= bytes.Length; at += Bytes)
        {
            var one = bytes.Slice(at, Bytes);
            var length = BinaryPrimitives.ReadUInt32BigEndian(one[8..]);
            var platform = Encoding.Latin1.GetString(one[..4]);
            if (platform is "MacX" or "W2ru" or "W2ku" && length is > 0 and <= LengthMax)
                found.Add(new VhdLocator(platform, (int)length, BinaryPrimitives.ReadInt64BigEndian(one[16..])));
        }
        // Relative ones first: they go where the files go.
        return [.. found.OrderBy(l => l.Platform == "W2ku")];
    }

    public string Decode(ReadOnlySpan<byte> data) => Platform == "MacX"
        ? Uri.UnescapeDataString(Encoding.UTF8.GetString(data).TrimEnd('\0') is var url && url.StartsWith("file://", StringComparison.Ordinal) ? url["file://".Length..] : url)
        : Encoding.Unicode.GetString(data).TrimEnd('\0').Replace('\\', '/');

    /// <summary>The name where it is one beside the child: <c>leaf</c> or <c>./leaf</c>. Null for every other path: a VHD does not choose which files are read.</summary>
    public static string? BesideChild(string path)
    {
        var leaf = path.Replace('\\', '/');
        if (leaf.StartsWith("./", StringComparison.Ordinal))
            leaf = leaf[2..];
        return leaf.Length is 0 or > 255 || leaf is "." or ".." || leaf.Contains('/') || leaf.Any(char.IsControl) ? null : leaf;
    }
}
