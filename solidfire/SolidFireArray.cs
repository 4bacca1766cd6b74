namespace SnapshotWorkflows.SolidFire;

/// <summary>An array that has just said who it is. To be used at once: what is behind an address may change.</summary>
/// <param name="Name">As the settings name it.</param>
public sealed record SolidFireArray(string Name, SolidFireClient Client, ClusterInfo Cluster)
{
    /// <summary>Of clones that are copied from, as the settings say; null leaves them what they inherit.</summary>
    public VolumeQos? CopyQos { get; init; }

    /// <summary>Whether the ids of that cluster are this array's.</summary>
    public bool Is(string clusterUuid) => string.Equals(Cluster.Uuid, clusterUuid, StringComparison.OrdinalIgnoreCase);

    public override string ToString() => $"{Name} ({Cluster.Name})";
}
