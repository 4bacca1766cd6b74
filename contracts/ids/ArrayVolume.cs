namespace SnapshotWorkflows.Contracts;

/// <summary>
/// A volume on an array. Element ids are plain counters per cluster, so an id is never carried without the cluster's uuid:
/// the same number names another customer's disk on the next array.
/// </summary>
/// <param name="ClusterUuid">GetClusterInfo's uuid, checked again before every delete.</param>
/// <param name="VolumeId">Element volumeID.</param>
public sealed record ArrayVolume(string ClusterUuid, long VolumeId)
{
    public override string ToString() => $"volume {VolumeId} of cluster {ClusterUuid}";
}
