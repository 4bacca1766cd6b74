using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>
/// Takes the array's snapshot, or adopts the one that an earlier attempt took. It bears a retention fuse, so that even a lost database leaks it only for a while. While a guest is frozen only one that was asked for in this very
/// freeze will do: a call of an earlier one that was not answered may have come when the guest ran.
/// </summary>
[DurableTask(StepNames.CreateStorageSnapshot)]
public sealed partial class CreateStorageSnapshot(SolidFireArrays arrays, IntentLedger intents, Marker marker, ILogger<CreateStorageSnapshot> logger, IActivityExecution execution)
    : StepActivity<StorageSnapshotInput, StorageSnapshot>(execution)
{
    protected override async Task<StorageSnapshot> ExecuteAsync(StorageSnapshotInput input, CancellationToken cancellation)
    {
        var name = input.Key.NameFor(Roles.Snapshot);
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        var all = await new StorageSnapshots(array, marker).OwnAsync(input, cancellation);
        var own = input.Freeze is null ? all : [.. all.Where(snapshot => snapshot.FindAttribute(Marker.FreezeName) == input.Freeze)];
        foreach (var late in all.Except(own)) await array.DeleteSnapshotAsync(late.SnapshotId, cancellation);
        if (own.Count > 1)
        {
            throw new StepFaultException(new StepFault(
                "snapshot.ambiguous", FaultKind.Corrupt, $"Volume {input.Volume.VolumeId} has {own.Count} snapshots named {name}; which one the guest was frozen for cannot be told.", "Ask again; both are removed."));
        }

        if (own.Count == 1)
        {
            // A crash between the array's answer and our commit lands here: adopt, never repeat.
            SnapshotAdopted(logger, name, own[0].SnapshotId, input.Volume.VolumeId);
            intents.Made(input.Key, Roles.Snapshot, own[0].SnapshotId.ToString());
            return Receipt(own[0]);
        }

        intents.Intend(input.Key, Roles.Snapshot, "solidfire", input.Volume.ClusterUuid, name);
        var created = await array.CreateSnapshotAsync(input.Volume.VolumeId, name, input.Retention, marker.Attributes(input.Key, Roles.Snapshot, input.Freeze), Execution.StopToken);
        intents.Made(input.Key, Roles.Snapshot, created.SnapshotId.ToString());
        return Receipt(created);
    }

    private static StorageSnapshot Receipt(ClusterSnapshot snapshot)
    {
        if (snapshot.CreatedAt is not { } createdAt)
        {
            throw new StepFaultException(new StepFault("snapshot.no-time", FaultKind.Corrupt, $"The array gave no creation time for snapshot {snapshot.SnapshotId}.", "Check the array's API version."));
        }

        return new StorageSnapshot(snapshot.SnapshotId, snapshot.Uuid ?? "", createdAt, snapshot.TotalBytes);
    }

    [LoggerMessage(EventId = 3101, Level = LogLevel.Information, Message = "Adopted snapshot {Name} ({SnapshotId}) of volume {VolumeId} left by an earlier attempt")]
    private static partial void SnapshotAdopted(ILogger logger, string name, long snapshotId, long volumeId);
}
