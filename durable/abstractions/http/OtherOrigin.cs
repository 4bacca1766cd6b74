using Microsoft.Extensions.Primitives;

namespace SnapshotWorkflows.Durable.Http;

/// <summary>What an answer that points elsewhere may take along.</summary>
internal static class OtherOrigin
{
    /// <summary>The headers for the next address: credentials, and what names a setting, stay with the origin that they were given for.</summary>
    public static Dictionary<string, StringValues>? Headers(IDictionary<string, StringValues>? headers, Uri from, Uri to)
    {
        var same = from.GetLeftPart(UriPartial.Authority) == to.GetLeftPart(UriPartial.Authority);
        return headers?.Where(header => same || !IsCredential(header.Key, header.Value)).ToDictionary(StringComparer.OrdinalIgnoreCase);
    }

    private static bool IsCredential(string name, StringValues values) =>
        name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) || name.Equals("Cookie", StringComparison.OrdinalIgnoreCase)
        || name.Contains("key", StringComparison.OrdinalIgnoreCase) || name.Contains("token", StringComparison.OrdinalIgnoreCase)
        || values.Any(value => value?.Contains('%', StringComparison.Ordinal) == true);
}
