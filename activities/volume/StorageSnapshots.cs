using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Finds a request's own snapshots of a volume: by name and whole mark, never by name alone, for names are not unique.</summary>
/// <param name="array">Proven to be the cluster of the volumes that are asked for.</param>
internal sealed class StorageSnapshots(SolidFireClient array, Marker marker)
{
    private bool IsOf(ClusterSnapshot snapshot, RequestKey key, string role) => snapshot.Name == key.NameFor(role) && marker.IsOn(snapshot.FindAttribute, key, role);

    public async Task<IReadOnlyList<ClusterSnapshot>> OwnAsync(StorageSnapshotInput input, CancellationToken cancellation)
    {
        var all = await array.ListSnapshotsAsync(input.Volume.VolumeId, cancellation);
        return [.. all.Where(snapshot => IsOf(snapshot, input.Key, Roles.Snapshot) || (input.Group is { } group && IsOf(snapshot, group, Roles.Group)))];
    }
}
