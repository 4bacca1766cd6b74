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

    /// <summary><c>enforce.post.requests.and.timestamps</c>: version 3 signatures only, at most 15 minutes ahead, and POST for changes.</summary>
    public bool EnforceTimestamps { get; init; }
}
