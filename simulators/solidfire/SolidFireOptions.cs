using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>What one simulated cluster is and how fast it works.</summary>
public sealed record SolidFireOptions
{
    /// <summary>API versions that a cluster can have as its newest.</summary>
    public static IReadOnlyList<string> KnownVersions => SolidFire.ApiVersion.Known;

    public string ClusterName { get; init; } = "simulated";

    /// <summary>Four characters of [a-z0-9]; part of every target name and device identifier.</summary>
    public string UniqueId { get; init; } = "1mhp";

    public Guid Uuid { get; init; } = new("5a6f9c3e-4f0b-4d6c-9d32-0e5d1f7b2c11");

    /// <summary>Cluster administrator.</summary>
    public string Username { get; init; } = "admin";

    public string Password { get; init; } = "admin";

    /// <summary>Management address as GetClusterInfo tells it.</summary>
    public string Mvip { get; init; } = "10.117.1.10";

    /// <summary>Storage address; initiators meet the targets at <c>svip:3260</c>.</summary>
    public string Svip { get; init; } = "10.117.2.10";

    /// <summary>Newest API version served; later ones in the path answer 404.</summary>
    public string ApiVersion { get; init; } = "12.5";

    /// <summary>How long a clone takes, whatever its size; until then the new volume is in no list.</summary>
    public TimeSpan CloneTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a completed async handle stays if nobody reads it destructively.</summary>
    public TimeSpan HandleLifetime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Time from DeleteVolume to the purge by the array itself.</summary>
    public TimeSpan PurgeAfter { get; init; } = TimeSpan.FromHours(8);

    /// <summary>How long a bulk read or write with the built-in script takes.</summary>
    public TimeSpan BulkTime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Where the cluster's tables outlive the process; null keeps them in memory only.</summary>
    public IStateStore? State { get; init; }

    public int Nodes { get; init; } = 4;

    /// <summary>Raw space in bytes; five times as much may be provisioned.</summary>
    public long ProvisionableSpace { get; init; } = 40L << 40;

    public SolidFireLimits Limits { get; init; } = new();
}

/// <summary>Limits as GetLimits tells them (values of 12.x unless set otherwise).</summary>
public sealed record SolidFireLimits
{
    public int SnapshotsPerVolume { get; init; } = 32;

    public int CloneJobsPerVolume { get; init; } = 2;

    public int CloneJobsPerNode { get; init; } = 8;

    public int Volumes { get; init; } = 4000;

    public int VolumesPerAccount { get; init; } = 2000;

    public int VolumesPerAccessGroup { get; init; } = 2000;

    public int AccessGroupsPerVolume { get; init; } = 64;

    public int InitiatorsPerAccessGroup { get; init; } = 128;

    public int BulkJobsPerVolume { get; init; } = 2;

    public int BulkJobsPerNode { get; init; } = 8;

    public int AccessGroups { get; init; } = 1000;

    public int VolumesPerGroupSnapshot { get; init; } = 32;

    public int SnapshotNameLength { get; init; } = 255;

    public long VolumeSizeMinimum { get; init; } = 1_000_000_000;

    public long VolumeSizeMaximum { get; init; } = 17_592_186_044_416;
}
