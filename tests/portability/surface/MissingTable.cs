using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Tests.Portability;

/// <summary>The table of docs/portability.md: members of the public packages that the framework does not have, or has in another shape, each with the reason.</summary>
internal static partial class MissingTable
{
    public static string Path { get; } = System.IO.Path.Combine(Root(), "docs", "portability.md");

    /// <returns>Member to reason; the member as <c>Type: signature</c>, or the type alone when the whole of it is missing.</returns>
    public static IReadOnlyDictionary<string, string> Read() => File.ReadLines(Path)
        .SkipWhile(line => !line.StartsWith("| missing", StringComparison.Ordinal))
        .Select(line => Row().Match(line))
        .Where(match => match.Success)
        .ToDictionary(match => match.Groups["member"].Value, match => match.Groups["reason"].Value.Trim(), StringComparer.Ordinal);

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "SnapshotWorkflows.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests do not run from within the checkout.");
    }

    [GeneratedRegex(@"^\| `(?<member>[^`]+)` \| (?<reason>[^|]+) \|$", RegexOptions.ExplicitCapture)]
    private static partial Regex Row();
}
