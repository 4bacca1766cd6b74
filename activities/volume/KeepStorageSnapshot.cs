using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Takes the retention fuse off a snapshot that the request keeps on the array, and notes what it occupies there.</summary>
[DurableTask(StepNames.KeepStorageSnapshot)]
public sealed class KeepStorageSnapshot(SolidFireArrays arrays, IntentLedger intents, UsageLedger usage, Marker marker, ILogger<KeepStorageSnapshot> logger, IActivityExecution execution)
    : StepActivity<StorageSnapshotInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(StorageSnapshotInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        var own = await new StorageSnapshots(array, marker).OwnAsync(input, cancellation);
        foreach (var snapshot in own)
        {
            if (snapshot.ExpiresAt is not null) await array.ModifySnapshotAsync(snapshot.SnapshotId, expiresAt: null, cancellation);
            intents.Kept(input.Key, Roles.Snapshot, snapshot.SnapshotId.ToString());
        }

        // Last: what it occupies is worth less than that it stays.
        if (own.Count > 0) await usage.NoteAsync(array, input.Key, input.Volume.VolumeId, logger, cancellation);
        return own.Count > 0;
    }
}
