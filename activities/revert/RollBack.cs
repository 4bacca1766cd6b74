using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>
/// Puts the volume back to the snapshot. What it holds is saved first, as a snapshot that is the way back: at every roll-back, for between one whose answer was lost and the next somebody may have
/// written. Nothing is sent while an earlier call may still come, and nothing at all once the array's answer is noted.
/// </summary>
[DurableTask(StepNames.RollBack)]
public sealed class RollBack(SolidFireArrays arrays, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<RollBackInput, RollBackReceipt>(execution)
{
    /// <summary>Roll-backs whose answer was lost; after so many a person has to look, or the volume's places for snapshots fill up.</summary>
    private const int UnansweredMost = 4;

    protected override async Task<RollBackReceipt> ExecuteAsync(RollBackInput input, CancellationToken cancellation)
    {
        // First of all: a refusal below must not be the end of a revert whose call is still on its way.
        intents.RequireSettled(input.Key, Roles.Saved, UnansweredCalls.OnArray, time);
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        var ways = new SavedSnapshots(array, marker, time);
        var saved = await ways.LimitAsync(input, cancellation);
        if (intents.Find(input.Key, Roles.Saved) is not { State: IntentStates.Made })
        {
            await PutBackAsync(array, input, saved, cancellation);
            saved = await ways.LimitAsync(input, cancellation);
        }

        return saved is [var first, ..] ? first : throw SavedSnapshots.NotListed(input);
    }

    private async Task PutBackAsync(SolidFireClient array, RollBackInput input, IReadOnlyList<RollBackReceipt> saved, CancellationToken cancellation)
    {
        var (key, name) = (input.Key, input.Key.NameFor(Roles.Saved));
        // What was sent and left nothing has not come, and does not come any more.
        if (saved.Count == 0 && intents.Find(key, Roles.Saved) is not null) intents.Gone(key, Roles.Saved);
        var proofs = new RollBackProofs(array, marker);
        var target = await proofs.FindAsync(input.Snapshot, input.Group, input.Volume, cancellation);
        await proofs.RequireUnreachedAsync(input.Volume, input.ArrayOnly, cancellation);
        if (saved.Count >= UnansweredMost)
        {
            throw new StepFaultException(new StepFault(
                "revert.unanswered", FaultKind.Rejected, $"{saved.Count} roll-backs of {input.Volume} were not answered, so whether it is put back is not known. What it held before is the oldest of its snapshots {name}, until {saved[0].SavedUntil:O}.",
                "Look at the array and the network to it, then revert again; restore from that snapshot by hand if what was there before is wanted."));
        }

        await intents.MakeAsync(
            key, Roles.Saved, "solidfire", input.Volume.ClusterUuid, name,
            () => array.RollbackToSnapshotAsync(input.Volume.VolumeId, target.SnapshotId, name, Execution.StopToken, marker.Attributes(key, Roles.Saved)));

        // Noted before anything else can fail: from here on somebody may write to the volume again.
        intents.Made(key, Roles.Saved, name);
    }
}
