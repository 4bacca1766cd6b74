using System.Buffers;

namespace SnapshotWorkflows.Secondary;

/// <summary>
/// The names that every store takes: segments of A-Z a-z 0-9 . _ - joined by '/'; a segment has 1 to 200 characters, neither begins nor ends with a dot and does not end in
/// <c>.partial</c>; the whole has at most 1,000 characters. Names are case-sensitive.
/// </summary>
/// <remarks>200 leaves room for the suffix of an unfinished file under NAME_MAX (255); 1,000 stays below a blob's 1,024.</remarks>
public static class StoreName
{
    public const int LongestSegment = 200;
    public const int LongestName = 1000;
    internal const string UnfinishedSuffix = ".partial";

    private static readonly SearchValues<char> s_allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    public static bool IsValid(string? name) => Fault(name) is null;

    /// <summary>Whether the text can be one segment of a name.</summary>
    public static bool IsValidSegment(ReadOnlySpan<char> segment) =>
        segment.Length is > 0 and <= LongestSegment
        && segment[0] != '.' && segment[^1] != '.'
        && !segment.EndsWith(UnfinishedSuffix, StringComparison.OrdinalIgnoreCase)
        && !segment.ContainsAnyExcept(s_allowed);

    /// <exception cref="SecondaryStoreException"><c>store.bad-name</c>.</exception>
    public static void Validate(string name)
    {
        if (Fault(name) is { } fault)
            throw Refused(name, fault);
    }

    /// <summary>A prefix is any beginning of a valid name, the empty text included.</summary>
    /// <exception cref="SecondaryStoreException"><c>store.bad-name</c>.</exception>
    public static void ValidatePrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        var cut = prefix.LastIndexOf('/');
        if (cut >= 0 && Fault(prefix[..cut]) is { } fault)
            throw Refused(prefix, fault);
        var rest = prefix.AsSpan(cut + 1);
        if (prefix.Length > LongestName || rest.Length > LongestSegment || rest.ContainsAnyExcept(s_allowed) || rest.StartsWith("."))
            throw Refused(prefix, "it cannot be the beginning of a name");
    }

    private static string? Fault(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return "it is empty";
        if (name.Length > LongestName)
            return $"it has more than {LongestName} characters";
        foreach (var range in name.AsSpan().Split('/'))
        {
            if (!IsValidSegment(name.AsSpan(range)))
                return $"a segment is empty, longer than {LongestSegment} characters, begins or ends with a dot, ends in {UnfinishedSuffix}, or has other characters than A-Z a-z 0-9 . _ -";
        }
        return null;
    }

    private static SecondaryStoreException Refused(string name, string fault) =>
        new(StoreCodes.BadName, $"The name '{Shown(name)}' is refused: {fault}.", "Use relative names of plain segments, as the manifest format describes them.");

    // A hostile name must not forge log lines: everything odd is shown as a question mark.
    private static string Shown(string name) =>
        new([.. name.Take(120).Select(c => s_allowed.Contains(c) || c == '/' ? c : '?')]);
}
