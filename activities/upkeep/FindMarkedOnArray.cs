using System.Globalization;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Volumes, snapshots and group snapshots of one array that bear a mark or a name like ours. Access groups hold such volumes only as members, and go with them. Makes nothing.</summary>
[DurableTask(StepNames.FindMarkedOnArray)]
public sealed class FindMarkedOnArray(SolidFireArrays arrays, IActivityExecution execution) : StepActivity<ArrayScopeInput, MarkedThings>(execution)
{
    private const string SourceName = "swf-source";

    protected override async Task<MarkedThings> ExecuteAsync(ArrayScopeInput input, CancellationToken cancellation)
    {
        var (_, array, info) = await arrays.OpenAsync(input.Name, cancellation);
        var cluster = info.Uuid;
        var volumes = await array.ListVolumesAsync(new VolumeFilter { Status = Volume.ActiveStatus }, cancellation);
        var snapshots = await array.ListAllSnapshotsAsync(cancellation);
        var groups = await array.ListGroupSnapshotsAsync(cancellation);
        var things = volumes.Where(volume => volume.IsActive).Select(volume => OfVolume(cluster, volume)).Concat(snapshots.Select(snapshot => OfSnapshot(cluster, snapshot)))
            .Concat(groups.Select(group => OfGroup(cluster, group)));
        return new MarkedThings([.. things.OfType<MarkedThing>()]);
    }

    private static MarkedThing? OfVolume(string cluster, Volume volume)
    {
        if (Marks.Read("solidfire", cluster, Id(volume.VolumeId), volume.Name, volume.FindAttribute, volume.CreatedAt) is not { } thing) return null;
        return thing with
        {
            Source = SourceOf(volume.FindAttribute(SourceName)) is { } source ? new ArrayVolume(cluster, source) : null,
            Stays = volume.FindAttribute("CloudStackVolumeId") is not null ? "CloudStack uses this volume." : null,
        };
    }

    private static MarkedThing? OfSnapshot(string cluster, ClusterSnapshot snapshot)
    {
        if (Marks.Read("solidfire", cluster, Id(snapshot.SnapshotId), snapshot.Name, snapshot.FindAttribute, snapshot.CreatedAt) is not { } thing) return null;
        return thing with
        {
            Source = new ArrayVolume(cluster, snapshot.VolumeId),
            // Whatever a database remembers: the fuse comes off only what a request keeps.
            Stays = snapshot.ExpiresAt is null ? "It has no retention fuse, so a request keeps it." : null,
        };
    }

    /// <summary>Its members are listed as snapshots too, for where a release keeps no attributes with the group.</summary>
    private static MarkedThing? OfGroup(string cluster, GroupSnapshot group)
    {
        if (Marks.Read("solidfire", cluster, Id(group.GroupSnapshotId), group.Name, group.FindAttribute, group.CreatedAt) is not { } thing) return null;
        return thing with
        {
            Volumes = [.. group.Members.Select(member => new ArrayVolume(cluster, member.VolumeId))],
            Stays = group.Members.Any(member => member.ExpiresAt is null) ? "A member has no retention fuse, so a request keeps it." : null,
        };
    }

    private static string Id(long id) => id.ToString(CultureInfo.InvariantCulture);

    private static long? SourceOf(string? text) => text is not null && long.TryParse(text.Split('@')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
}
