using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>
/// Finds what CloudStack made on the array for one of its snapshots: the array's snapshot (SfSnapshotId), or, where its hosts cannot resign, a volume that a host copied into (SfVolumeId). Both
/// bear a name that ends with the snapshot's uuid, whole, and CloudStackSnapshotId among their attributes (CloudStack, SolidFirePrimaryDataStoreDriver; for the volume's name a guess). Makes and deletes nothing.
/// </summary>
[DurableTask(StepNames.FindAdopted)]
public sealed class FindAdopted(SolidFireArrays arrays, IActivityExecution execution) : StepActivity<FindAdoptedInput, AdoptedSnapshot>(execution)
{
    private const string SnapshotMark = "CloudStackSnapshotId";

    protected override async Task<AdoptedSnapshot> ExecuteAsync(FindAdoptedInput input, CancellationToken cancellation)
    {
        var volume = input.Volume;
        var array = (await arrays.RequireAsync(volume.ClusterUuid, cancellation)).Client;
        var suffix = $"-{input.SnapshotId}";
        var native = (await array.ListSnapshotsAsync(volume.VolumeId, cancellation)).Where(snapshot => IsOf(snapshot.Name, snapshot.FindAttribute(SnapshotMark), suffix)).ToList();
        if (native is [var only] && only.CreatedAt is { } takenAt) return new AdoptedSnapshot(volume, new StorageSnapshot(only.SnapshotId, only.Uuid ?? "", takenAt, only.TotalBytes));
        var copies = native.Count > 0 ? [] : (await array.ListVolumesAsync(new VolumeFilter { Status = Volume.ActiveStatus }, cancellation))
            .Where(copy => copy.IsActive && copy.VolumeId != volume.VolumeId && IsOf(copy.Name, copy.FindAttribute(SnapshotMark), suffix)).ToList();
        if (copies is [var copied] && copied.CreatedAt is { } copiedAt)
            return new AdoptedSnapshot(volume with { VolumeId = copied.VolumeId }, new StorageSnapshot(SnapshotId: 0, copied.Uuid ?? "", copiedAt, copied.TotalBytes));
        throw new StepFaultException(native.Count + copies.Count == 0
            ? new StepFault("adopt.not-on-array", FaultKind.NotFound, $"The array has nothing of CloudStack's snapshot {input.SnapshotId} of {volume}.", "Check that it is a snapshot on primary storage, and of this volume.")
            : new StepFault("adopt.ambiguous", FaultKind.Conflict, $"The array has {native.Count + copies.Count} things named after snapshot {input.SnapshotId}.", "Find out which one CloudStack means, and take the others away."));
    }

    private static bool IsOf(string name, string? mark, string suffix) => mark is not null && name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase);
}
