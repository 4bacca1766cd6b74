namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

public sealed class PostgresHubOptions
{
    /// <summary>Npgsql's connection string; holds a password. Pool sizes, time-outs and TLS are the caller's; prepared statements and the schema are set here.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>The hub's name: its tables live in a PostgreSQL schema of that name in lower case. Letters, digits and underscores.</summary>
    public string HubName { get; init; } = "SnapshotWorkflows";

    /// <summary>How long the others wait for a node that shows no sign of life although its connection stands. Default 15 s; renewed each third of it.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Between two looks for work that no notification told of, and for nodes that are gone. Default 1 s.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a commit or a load waits for a server that does not answer, before it fails. Default 60 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Instances, or calls, that are claimed in one transaction.</summary>
    public int ClaimSize { get; init; } = 1000;

    /// <summary>Writes as a program of this schema version does; for tests of rolling deployments. Default: the newest.</summary>
    public int? SchemaVersion { get; init; }
}
