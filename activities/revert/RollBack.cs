using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>
/// Puts the volume back to the snapshot. What it held is saved first, as a snapshot that is the way back. Where that is there already an earlier attempt got as far, or farther: the volume is put
/// back once more, without saving, for nobody could have written since.
/// </summary>
[DurableTask(StepNames.RollBack)]
public sealed class RollBack(SolidFireArrays arrays, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<RollBackInput, RollBackReceipt>(execution)
{
    /// <summary>Long enough to be missed and found; then the array lets go of it.</summary>
    private static readonly TimeSpan s_kept = TimeSpan.FromDays(7);

    protected override async Task<RollBackReceipt> ExecuteAsync(RollBackInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        var proofs = new RollBackProofs(array, marker);
        var target = await proofs.FindAsync(input.Snapshot, input.Group, input.Volume, cancellation);
        await proofs.RequireUnreachedAsync(input.Volume, cancellation);
        var name = input.Key.NameFor(Roles.Saved);
        var saved = await FindSavedAsync(array, input, name, cancellation);
        intents.Intend(input.Key, Roles.Saved, "solidfire", input.Volume.ClusterUuid, name);
        await array.RollbackToSnapshotAsync(input.Volume.VolumeId, target.SnapshotId, saved is null ? name : null, cancellation, saved is null ? marker.Attributes(input.Key, Roles.Saved) : null);
        saved ??= await FindSavedAsync(array, input, name, cancellation)
            ?? throw new StepFaultException(new StepFault("revert.not-saved", FaultKind.Transient, $"The array lists no {name} right after the roll-back that was to make it.", "It is looked for again; look at the array if this lasts."));
        var until = saved.ExpiresAt ?? time.GetUtcNow() + s_kept;
        if (saved.ExpiresAt is null) await array.ModifySnapshotAsync(saved.SnapshotId, until, cancellation);
        intents.Made(input.Key, Roles.Saved, saved.SnapshotId.ToString());
        return new RollBackReceipt(name, until);
    }

    private async Task<ClusterSnapshot?> FindSavedAsync(SolidFireClient array, RollBackInput input, string name, CancellationToken cancellation) =>
        (await array.ListSnapshotsAsync(input.Volume.VolumeId, cancellation)).FirstOrDefault(snapshot => snapshot.Name == name && marker.IsOn(snapshot.FindAttribute, input.Key, Roles.Saved));
}
