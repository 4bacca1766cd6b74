using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>The volumes that a restore has made on the array: by name and whole mark, never by name alone, for names are not unique and this one is a person's choice.</summary>
internal sealed class OwnVolumes(SolidFireClient array, Marker marker)
{
    public async Task<IReadOnlyList<Volume>> ActiveAsync(RequestKey key, string name, CancellationToken cancellation)
    {
        var named = await array.ListVolumesAsync(new VolumeFilter { Name = name, Status = Volume.ActiveStatus }, cancellation);
        return [.. named.Where(volume => volume.IsActive && volume.Name == name && IsOurs(volume, key))];
    }

    public bool IsOurs(Volume volume, RequestKey key) => marker.IsOn(volume.FindAttribute, key, Roles.Volume);

    public bool IsHandedOver(Volume volume, RequestKey key) => marker.IsOn(volume.FindAttribute, key, Roles.Restored);
}
