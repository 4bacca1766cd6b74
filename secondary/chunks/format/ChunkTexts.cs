using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary>The repository's small texts: a line with kind, hash and perhaps an HMAC, and a JSON object. Every byte counts: whatever is changed shows.</summary>
internal static class ChunkTexts
{
    public const int LongestBytes = 256 << 20;
    private const string Mark = "swf-chunks-1";
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");

    /// <param name="macKey">Where given, the text also bears an HMAC: only who has the repository's keys can have written it.</param>
    public static byte[] Write<T>(string kind, T value, JsonTypeInfo<T> type, byte[]? macKey = null)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        var line = $"{Mark} {kind} {Convert.ToHexStringLower(SHA256.HashData(body))} {Mac(kind, body, macKey)}\n";
        return [.. Encoding.ASCII.GetBytes(line), .. body];
    }

    /// <exception cref="ChunkException"><c>chunks.damaged</c>, <c>chunks.newer</c>.</exception>
    public static T Read<T>(string name, string kind, ReadOnlySpan<byte> bytes, JsonTypeInfo<T> type, byte[]? macKey = null)
    {
        var end = bytes.IndexOf((byte)'\n');
        var line = end is > 0 and < 300 ? Encoding.ASCII.GetString(bytes[..end]) : "";
        var body = bytes[(end + 1)..];
        var words = line.Split(' ');
        if (words is ["swf-chunks-2" or "swf-chunks-3", ..])
            throw new ChunkException(ChunkCodes.Newer, $"'{name}' was written by a newer version.", "Update this service before you use the repository.");
        if (words.Length != 4 || words[0] != Mark || words[1] != kind || words[2] != Convert.ToHexStringLower(SHA256.HashData(body)))
            throw Damaged(name, "its first line does not fit the rest");
        if (macKey is null ? words[3] != "-" && !IsHex(words[3]) : !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(words[3]), Encoding.ASCII.GetBytes(Mac(kind, body, macKey))))
            throw Damaged(name, "it was not written with the repository's keys");
        try
        {
            return JsonSerializer.Deserialize(body, type) ?? throw Damaged(name, "it is the JSON value null");
        }
        catch (JsonException e)
        {
            throw Damaged(name, e.Message);
        }
    }

    public static ChunkException Damaged(string name, string why) =>
        new(ChunkCodes.Damaged, $"'{name}' is damaged: {why}.", "Take the object from another copy of the store; it is never changed by this system.");

    private static bool IsHex(string text) => text.Length == 64 && !text.AsSpan().ContainsAnyExcept(s_hex);

    private static string Mac(string kind, ReadOnlySpan<byte> body, byte[]? key)
    {
        if (key is null)
            return "-";
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mac.AppendData(Encoding.ASCII.GetBytes(kind));
        mac.AppendData([0]);
        mac.AppendData(body);
        return Convert.ToHexStringLower(mac.GetHashAndReset());
    }
}
