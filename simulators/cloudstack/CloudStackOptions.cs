using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>What one simulated management server is.</summary>
public sealed record CloudStackOptions
{
    /// <summary>Key pair of the calling root administrator.</summary>
    public required string ApiKey { get; init; }

    public required string SecretKey { get; init; }

    public string Version { get; init; } = "4.20.0.0";

    /// <summary>Account of the calling user; without listall it sees only what is its own.</summary>
    public string CallerAccount { get; init; } = "admin";

    /// <summary>How long an asynchronous command takes.</summary>
    public TimeSpan JobTime { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a finished job can be asked for.</summary>
    public TimeSpan JobsKept { get; init; } = TimeSpan.FromDays(1);

    /// <summary>The primary storage behind managed volumes; null: snapshots are rows and nothing else.</summary>
    public ICloudStorage? Storage { get; init; }

    /// <summary>Where the database outlives the process; null keeps it in memory only.</summary>
    public IStateStore? State { get; init; }

    /// <summary><c>enforce.post.requests.and.timestamps</c>: version 3 signatures only, at most 15 minutes ahead, and POST for changes.</summary>
    public bool EnforceTimestamps { get; init; }
}
