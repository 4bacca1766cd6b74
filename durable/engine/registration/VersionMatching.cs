namespace SnapshotWorkflows.Durable.Engine;

/// <summary>Which instances a process takes whose version it has no class of its own for. Names and meaning as in the public worker.</summary>
public enum VersionMatchStrategy
{
    /// <summary>Versions are not looked at.</summary>
    None,

    /// <summary>Only the process's own version.</summary>
    Strict,

    /// <summary>Its own version and lower ones.</summary>
    CurrentOrOlder,
}

/// <summary>What becomes of an instance whose version does not match.</summary>
public enum VersionFailureStrategy
{
    /// <summary>It waits, visibly, for a process that matches.</summary>
    Reject,

    /// <summary>It ends as Failed with error type <c>VersionMismatch</c>.</summary>
    Fail,
}

internal static class VersionMatching
{
    public static bool Matches(VersionMatchStrategy strategy, string instance, string process) => strategy switch
    {
        VersionMatchStrategy.Strict => string.Equals(instance, process, StringComparison.OrdinalIgnoreCase),
        VersionMatchStrategy.CurrentOrOlder => Compare(instance, process) <= 0,
        _ => true,
    };

    /// <summary>As <see cref="TaskOrchestrationContext.CompareVersionTo"/>.</summary>
    public static int Compare(string left, string right)
    {
        if (left.Length == 0 || right.Length == 0)
            return left.Length.CompareTo(right.Length);
        return Version.TryParse(left, out var mine) && Version.TryParse(right, out var other)
            ? mine.CompareTo(other)
            : string.Compare(left, right, StringComparison.OrdinalIgnoreCase);
    }
}
