using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Finds the LUN by its IQN, on whichever array has it, and proves that the array has room for one more snapshot of it and for the job's clones. Makes nothing.</summary>
[DurableTask(StepNames.InspectArrayVolume)]
public sealed class InspectArrayVolume(SolidFireArrays arrays, Marker marker, IActivityExecution execution) : StepActivity<InspectArrayVolumeInput, SourceVolume>(execution)
{
    /// <summary>Our own short-lived snapshots of one volume that may exist at a time.</summary>
    private const int OwnSnapshotsMax = 2;

    protected override async Task<SourceVolume> ExecuteAsync(InspectArrayVolumeInput input, CancellationToken cancellation)
    {
        var ((_, array, cluster), volume) = await arrays.FindActiveByIqnAsync(input.Iqn, cancellation)
            ?? throw Refusal("array.no-volume", FaultKind.NotFound, $"No array ({string.Join(", ", arrays.Names)}) has an active volume with IQN {input.Iqn}.", "Check that the array that holds this volume is among those under SolidFire.");
        var limits = await array.GetLimitsAsync(cancellation);

        var snapshots = await array.ListSnapshotsAsync(volume.VolumeId, cancellation);
        if (input.Taken is null && limits.SnapshotsPerVolumeMax is { } most && snapshots.Count >= most)
        {
            throw Refusal(
                "array.snapshots-full", FaultKind.Rejected, $"Volume {volume.Name} ({volume.VolumeId}) has {snapshots.Count} snapshots on the array; {most} is its limit.",
                "Delete a snapshot of this volume on the array, or lower a schedule's retention, then ask again.");
        }

        // What a revert saved expires too, but it is a person's way back for a week and no sign of a job under way.
        var own = snapshots.Count(snapshot => snapshot.FindAttribute(Marker.InstallationName) == marker.Installation && snapshot.ExpiresAt is not null && snapshot.FindAttribute(Marker.RoleName) is Roles.Snapshot or Roles.Group);
        if (input.Taken is null && own >= OwnSnapshotsMax)
        {
            throw Refusal(
                "array.own-snapshots", FaultKind.Busy, $"Volume {volume.Name} already has {own} short-lived snapshots of this system on the array.",
                "Let the running snapshots of this volume end; what they left behind goes by itself within 48 hours.");
        }

        var siblings = await array.ListVolumesAsync(new VolumeFilter { AccountIds = [volume.AccountId] }, cancellation);
        var clones = input.Clones ?? 1;
        if (limits.VolumesPerAccountMax is { } perAccount && siblings.Count + clones > perAccount)
        {
            throw Refusal(
                "array.account-full", FaultKind.Rejected,
                $"Account {volume.AccountId} holds {siblings.Count} volumes on the array (deleted ones count until purged); {perAccount} is the limit, and {(clones == 1 ? "a clone needs one" : $"the group's clones need {clones}")}.",
                "Purge deleted volumes of this account or move volumes to another account.");
        }

        return new SourceVolume(new ArrayVolume(cluster.Uuid, volume.VolumeId), volume.Name, volume.Iqn, volume.TotalBytes, volume.AccountId, cluster.Svip);
    }

    private static StepFaultException Refusal(string code, FaultKind kind, string message, string remedy) => new(new StepFault(code, kind, message, remedy));
}
