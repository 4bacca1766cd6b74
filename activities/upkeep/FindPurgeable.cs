using System.Globalization;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Deleted volumes of one array with our whole mark that may be purged now: their hours are over, or space or the number of volumes presses. Purges nothing.</summary>
[DurableTask(StepNames.FindPurgeable)]
public sealed class FindPurgeable(SolidFireArrays arrays, Marker marker, IOptions<UpkeepOptions> options, IActivityExecution execution) : StepActivity<FindPurgeableInput, PurgeableClones>(execution)
{
    protected override async Task<PurgeableClones> ExecuteAsync(FindPurgeableInput input, CancellationToken cancellation)
    {
        var (_, array, cluster) = await arrays.OpenAsync(input.Array, cancellation);
        var deleted = await array.ListDeletedVolumesAsync(cancellation);
        var pressure = await PressureAsync(array, deleted.Count, cancellation);
        var ours = deleted.Where(volume => volume.IsDeleted && volume.FindAttribute(CloneProofs.CloudStackMark) is null).Select(volume => Of(cluster.Uuid, volume)).OfType<DeletedClone>();
        return new PurgeableClones(pressure, [.. ours.Where(clone => pressure is not null || (clone.DeletedAt is { } at && input.Now - at >= options.Value.PurgeAfter))]);
    }

    private DeletedClone? Of(string cluster, Volume volume)
    {
        if (!RequestKey.IsValid(volume.FindAttribute(Marker.KeyName))) return null;
        var key = new RequestKey(volume.FindAttribute(Marker.KeyName)!);
        var deleted = new DeletedClone(key, new ArrayVolume(cluster, volume.VolumeId), volume.DeletedAt);
        if (marker.IsOn(volume.FindAttribute, key, Roles.Clone) && volume.Name == key.NameFor(Roles.Clone)) return deleted;

        // What a restore made and its undo deleted; once it was handed over it bears another role.
        return marker.IsOn(volume.FindAttribute, key, Roles.Volume) ? deleted with { Role = Roles.Volume } : null;
    }

    private async Task<string?> PressureAsync(SolidFireClient array, int deleted, CancellationToken cancellation)
    {
        if (deleted >= options.Value.PurgeAtDeletedVolumes) return string.Create(CultureInfo.InvariantCulture, $"{deleted} deleted volumes");
        var capacity = await array.GetClusterCapacityAsync(cancellation);
        return capacity.UsedShare >= options.Value.PurgeAtUsedShare ? string.Create(CultureInfo.InvariantCulture, $"{capacity.UsedShare:P0} of the block space used") : null;
    }
}
