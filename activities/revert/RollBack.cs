using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>
/// Puts the volume back to the snapshot. What it holds is saved first, as a snapshot that is the way back: at every roll-back, for between one whose answer was lost and the next somebody may have
/// written. Where an earlier attempt has noted the array's answer, the volume is not put back again.
/// </summary>
[DurableTask(StepNames.RollBack)]
public sealed class RollBack(SolidFireArrays arrays, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<RollBackInput, RollBackReceipt>(execution)
{
    /// <summary>Roll-backs whose answer was lost; after so many a person has to look, or the volume's places for snapshots fill up.</summary>
    private const int UnansweredMost = 4;

    /// <summary>Long enough to be missed and found; then the array lets go of it.</summary>
    private static readonly TimeSpan s_kept = TimeSpan.FromDays(7);

    protected override async Task<RollBackReceipt> ExecuteAsync(RollBackInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        var name = input.Key.NameFor(Roles.Saved);
        var saved = await LimitAsync(array, input, name, cancellation);
        if (intents.Find(input.Key, Roles.Saved) is not { State: IntentStates.Made })
        {
            await PutBackAsync(array, input, name, saved, cancellation);
            saved = await LimitAsync(array, input, name, cancellation);
        }

        // The first holds what was there before anything was put back.
        if (saved is not [var first, ..])
            throw new StepFaultException(new StepFault("revert.not-saved", FaultKind.Transient, $"The array lists no {name} after the roll-back that made it.", "It is looked for again; look at the array if this lasts."));
        intents.Made(input.Key, Roles.Saved, first.Snapshot.SnapshotId.ToString());
        return new RollBackReceipt(name, first.Until);
    }

    private async Task PutBackAsync(SolidFireClient array, RollBackInput input, string name, IReadOnlyList<Saved> saved, CancellationToken cancellation)
    {
        var proofs = new RollBackProofs(array, marker);
        var target = await proofs.FindAsync(input.Snapshot, input.Group, input.Volume, cancellation);
        await proofs.RequireUnreachedAsync(input.Volume, cancellation);
        if (saved.Count >= UnansweredMost)
        {
            throw new StepFaultException(new StepFault(
                "revert.unanswered", FaultKind.Rejected, $"{saved.Count} roll-backs of {input.Volume} were not answered, so whether it is put back is not known. What it held before is the oldest of its snapshots {name}, until {saved[0].Until:O}.",
                "Look at the array and the network to it, then revert again; restore from that snapshot by hand if what was there before is wanted."));
        }

        intents.Intend(input.Key, Roles.Saved, "solidfire", input.Volume.ClusterUuid, name);
        await array.RollbackToSnapshotAsync(input.Volume.VolumeId, target.SnapshotId, name, Execution.StopToken, marker.Attributes(input.Key, Roles.Saved));

        // Noted before anything else can fail: from here on somebody may write to the volume again.
        intents.Made(input.Key, Roles.Saved, name);
    }

    /// <summary>The request's own ways back, the oldest first, each with its end.</summary>
    private async Task<IReadOnlyList<Saved>> LimitAsync(SolidFireClient array, RollBackInput input, string name, CancellationToken cancellation)
    {
        var found = (await array.ListSnapshotsAsync(input.Volume.VolumeId, cancellation)).Where(snapshot => snapshot.Name == name && marker.IsOn(snapshot.FindAttribute, input.Key, Roles.Saved));
        var saved = new List<Saved>();
        foreach (var snapshot in found.OrderBy(snapshot => snapshot.SnapshotId))
        {
            var until = snapshot.ExpiresAt ?? time.GetUtcNow() + s_kept;
            if (snapshot.ExpiresAt is null) await array.ModifySnapshotAsync(snapshot.SnapshotId, until, cancellation);
            saved.Add(new Saved(snapshot, until));
        }

        return saved;
    }

    private sealed record Saved(ClusterSnapshot Snapshot, DateTimeOffset Until);
}
