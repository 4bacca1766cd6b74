using System.Globalization;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>A version of the API, as the path names it. Compared part by part: 9.10 is later than 9.9.</summary>
internal readonly record struct ApiVersion(int Major, int Minor) : IComparable<ApiVersion>
{
    /// <summary>Every version served by some release (supportedVersions of recorded clusters and the release notes).</summary>
    public static readonly string[] Known =
    [
        "1.0", "2.0", "3.0", "4.0", "5.0", "5.1", "6.0", "7.0", "7.1", "7.2", "7.3", "7.4", "8.0", "8.1", "8.2", "8.3", "8.4", "8.5", "8.6", "8.7",
        "9.0", "9.1", "9.2", "9.3", "9.4", "9.5", "9.6", "10.0", "10.1", "10.2", "10.3", "10.4", "10.5", "10.6", "10.7",
        "11.0", "11.1", "11.3", "11.5", "11.7", "11.8", "12.0", "12.2", "12.3", "12.5", "12.7", "12.8",
    ];

    /// <summary>What a console on the cluster speaks: later than any path.</summary>
    public static ApiVersion Newest { get; } = new(int.MaxValue, 0);

    public static ApiVersion Parse(string text) => TryParse(text) ?? throw new ArgumentException($"'{text}' is no API version; expected a form like 12.5.");

    public static ApiVersion? TryParse(string text)
    {
        var parts = text.Split('.');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            ? new ApiVersion(major, minor)
            : null;
    }

    /// <summary>Supported versions up to the cluster's own, in order.</summary>
    public static IEnumerable<string> UpTo(string current)
    {
        var newest = Parse(current);
        return Known.Where(version => Parse(version).CompareTo(newest) < 0).Append(current);
    }

    public static bool operator <(ApiVersion left, ApiVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(ApiVersion left, ApiVersion right) => left.CompareTo(right) > 0;

    public int CompareTo(ApiVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);
}
