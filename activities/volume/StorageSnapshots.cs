using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Finds a request's own snapshots of a volume: by name and whole mark, never by name alone, for names are not unique.</summary>
internal sealed class StorageSnapshots(SolidFireClient array, Marker marker)
{
    public async Task<IReadOnlyList<ClusterSnapshot>> OwnAsync(StorageSnapshotInput input, CancellationToken cancellation)
    {
        await array.RequireClusterAsync(input.Volume.ClusterUuid, cancellation);
        var name = input.Key.NameFor(Roles.Snapshot);
        var all = await array.ListSnapshotsAsync(input.Volume.VolumeId, cancellation);
        return [.. all.Where(snapshot => snapshot.Name == name && marker.IsOn(snapshot.FindAttribute, input.Key, Roles.Snapshot))];
    }
}
