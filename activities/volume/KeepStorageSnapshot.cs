using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>
/// Takes the retention fuse off the snapshot that the request keeps on the array, and notes what it occupies there. One that is gone is told to the audit trail: its row must not claim it. Others of the request, of calls whose
/// answer was lost, go: they are of another instant.
/// </summary>
[DurableTask(StepNames.KeepStorageSnapshot)]
public sealed class KeepStorageSnapshot(SolidFireArrays arrays, IntentLedger intents, AuditTrail audit, UsageLedger usage, Marker marker, ILogger<KeepStorageSnapshot> logger, IActivityExecution execution)
    : StepActivity<StorageSnapshotInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(StorageSnapshotInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        var all = await new StorageSnapshots(array, marker).OwnAsync(input, cancellation);
        var taken = input.SnapshotId ?? (long.TryParse(intents.Find(input.Key, Roles.Snapshot)?.ObjectId, out var noted) ? noted : (long?)null);
        var own = taken is null ? all : [.. all.Where(snapshot => snapshot.SnapshotId == taken)];
        foreach (var snapshot in own)
        {
            if (snapshot.ExpiresAt is not null) await array.ModifySnapshotAsync(snapshot.SnapshotId, expiresAt: null, cancellation);
            intents.Kept(input.Key, Roles.Snapshot, snapshot.SnapshotId.ToString());
        }

        foreach (var late in all.Except(own)) await array.DeleteSnapshotAsync(late.SnapshotId, cancellation);
        if (own.Count == 0) audit.Add("snapshot", "snapshot.keep", input.Key.Uuid, "failed", $"The array has no {input.Key.NameFor(Roles.Snapshot)} of {input.Volume} any more: nothing is kept there.");

        // Last: what it occupies is worth less than that it stays.
        if (own.Count > 0) await usage.NoteAsync(array, input.Key, input.Volume.VolumeId, logger, cancellation);
        return own.Count > 0;
    }
}
