namespace SnapshotWorkflows.Contracts;

/// <summary>When which volumes are taken, how, and which copies are kept. Stored in the ledger and in histories: add optional members only.</summary>
public sealed record SnapshotPolicy
{
    /// <summary>1 to 64 letters, digits, dots, dashes and underscores; the snapshot's mark of where it came from.</summary>
    public required string Name { get; init; }

    /// <summary>NCRONTAB of five fields, or six with seconds, in <see cref="TimeZone"/>. Empty: the policy only follows CloudStack.</summary>
    public required string Schedule { get; init; }

    /// <summary>IANA name.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Each volume starts at a moment of its own within so many seconds after the occurrence, the same at every occurrence.</summary>
    public int JitterSeconds { get; init; }

    public required PolicyVolumes Volumes { get; init; }

    public required RetentionRule Keep { get; init; }

    public QuiesceMode Quiesce { get; init; }

    /// <summary>Null is the default destination.</summary>
    public string? Destination { get; init; }

    /// <summary>Null is the destination's own.</summary>
    public string? Format { get; init; }

    /// <summary>Snapshots that CloudStack itself takes of these volumes are copied off the array too, and kept by this policy's rule.</summary>
    public bool FollowCloudStack { get; init; }

    /// <summary>Told how each run ended; on the list of allowed addresses.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>A disabled policy neither takes nor expires.</summary>
    public bool Enabled { get; init; } = true;
}

/// <summary>The volumes of a policy: these, and all that bear the tag when an occurrence comes.</summary>
public sealed record PolicyVolumes
{
    /// <summary>CloudStack uuids.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    public TagSelector? Tag { get; init; }
}

/// <param name="Value">Null: any value.</param>
public sealed record TagSelector(string Key, string? Value);
