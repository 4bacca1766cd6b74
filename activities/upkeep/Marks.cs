using System.Globalization;
using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Reads marks and names as found, ours or not; believes nothing.</summary>
internal static partial class Marks
{
    /// <summary>Null when nothing about the thing looks like ours.</summary>
    public static MarkedThing? Read(string system, string scope, string objectId, string name, Func<string, string?> find, DateTimeOffset? madeAt)
    {
        var installation = find(Marker.InstallationName);
        var named = NamePattern().Match(name);
        if (installation is null && !named.Success) return null;
        var key = find(Marker.KeyName) ?? (named.Success ? named.Groups["key"].Value : null);
        var role = find(Marker.RoleName) ?? (named.Success ? named.Groups["role"].Value : "");
        return new MarkedThing(system, scope, role, RequestKey.IsValid(key) ? new RequestKey(key!) : null, objectId, name, installation, Later(Time(find(Marker.CreatedName)), madeAt));
    }

    public static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is { } a && other is { } b ? (a > b ? a : b) : one ?? other;

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    [GeneratedRegex("^swf-(?<key>[0-9a-f]{32})-(?<role>[a-z-]{1,24})$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
