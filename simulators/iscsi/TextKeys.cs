using System.Text;

namespace SnapshotWorkflows.Simulators.Iscsi;

/// <summary>Keys and values of login and text PDUs: <c>key=value</c>, each ended by a zero byte (RFC 7143, section 6.1).</summary>
internal static class TextKeys
{
    public static List<KeyValuePair<string, string>> Read(ReadOnlySpan<byte> data)
    {
        var keys = new List<KeyValuePair<string, string>>();
        foreach (var part in Encoding.UTF8.GetString(data).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                keys.Add(KeyValuePair.Create(part[..equals], part[(equals + 1)..]));
            }
        }

        return keys;
    }

    public static byte[] Write(IEnumerable<KeyValuePair<string, string>> keys) =>
        Encoding.UTF8.GetBytes(string.Concat(keys.Select(pair => $"{pair.Key}={pair.Value}\0")));

    /// <summary>A binary value: <c>0x</c> and hex digits, or <c>0b</c> and base64; null when it is neither.</summary>
    public static byte[]? Binary(string value)
    {
        try
        {
            return value.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
                ? Convert.FromHexString(value.Length % 2 == 0 ? value[2..] : $"0{value[2..]}")
                : value.StartsWith("0b", StringComparison.OrdinalIgnoreCase) ? Convert.FromBase64String(value[2..]) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
