using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.GroupSteps;

/// <summary>
/// Takes the fuse off the members of the group snapshot that the request keeps on the array, and notes what they occupy there. Other group snapshots of the request, of calls whose answer was lost, go: they are of another instant.
/// A member that is gone is told to the audit trail, and its row does not claim it: one on the array alone has failed then.
/// </summary>
[DurableTask(StepNames.KeepGroupSnapshot)]
public sealed class KeepGroupSnapshot(SolidFireArrays arrays, IntentLedger intents, SnapshotIndex index, AuditTrail audit, UsageLedger usage, Marker marker, ILogger<KeepGroupSnapshot> logger, IActivityExecution execution)
    : StepActivity<GroupSnapshotInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(GroupSnapshotInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Volumes[0].ClusterUuid, cancellation)).Client;
        var all = await new GroupSnapshots(array, marker).OwnAsync(input, cancellation);
        var taken = input.GroupSnapshotId ?? (long.TryParse(intents.Find(input.Key, Roles.Group)?.ObjectId, out var noted) ? noted : (long?)null);
        var own = taken is null ? all : [.. all.Where(group => group.GroupSnapshotId == taken)];
        // Of volumes that have come to nothing the fuse burns on.
        var kept = input.Volumes.Select(volume => volume.VolumeId).ToHashSet();
        foreach (var member in own.SelectMany(group => group.Members).Where(member => member.ExpiresAt is not null && kept.Contains(member.VolumeId)))
            await array.ModifySnapshotAsync(member.SnapshotId, expiresAt: null, cancellation);
        foreach (var late in all.Except(own)) await array.DeleteGroupSnapshotAsync(late.GroupSnapshotId, keepMembers: false, cancellation);
        var there = own.SelectMany(group => group.Members).Select(member => member.VolumeId).ToHashSet();
        foreach (var (i, volume) in input.Volumes.Index().Where(one => !there.Contains(one.Item.VolumeId)))
        {
            var snapshot = input.Members?[i] ?? input.Key;
            audit.Add("snapshot", "snapshot.keep", snapshot.Uuid, "failed", $"The array has no {input.Key.NameFor(Roles.Group)} of {volume} any more: nothing is kept there.");
            index.Change(snapshot, row => row with
            {
                Primary = null,
                Status = row.Status.State != SnapshotState.CreatedOnPrimary ? row.Status : row.Status with { State = SnapshotState.Error, Failure = Notice(KeepFaults.Gone(row.VolumeId)) },
            });
        }

        if (own is [var only]) intents.Kept(input.Key, Roles.Group, only.GroupSnapshotId.ToString());
        foreach (var (i, snapshot) in (input.Members ?? []).Index()) await usage.NoteAsync(array, snapshot, input.Volumes[i].VolumeId, logger, cancellation);
        return own.Count > 0 && input.Volumes.All(volume => there.Contains(volume.VolumeId));
    }

    private static StepNotice Notice(StepFault fault) => new(fault.Code, fault.Message, fault.Remedy, StepNames.KeepGroupSnapshot);
}
