using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>The ways back that a revert has left on the array: one of each roll-back that took effect, for the array saves and puts back in one call.</summary>
/// <param name="array">Proven to be the cluster of the volumes that are asked for.</param>
internal sealed class SavedSnapshots(SolidFireClient array, Marker marker, TimeProvider time)
{
    /// <summary>Long enough to be missed and found; then the array lets go of it.</summary>
    private static readonly TimeSpan s_kept = TimeSpan.FromDays(7);

    /// <summary>Gives an end to those that have none. All of them, the oldest first: that one holds what was there before anything was put back.</summary>
    public async Task<IReadOnlyList<RollBackReceipt>> LimitAsync(RollBackInput input, CancellationToken cancellation)
    {
        var name = input.Key.NameFor(Roles.Saved);
        var found = (await array.ListSnapshotsAsync(input.Volume.VolumeId, cancellation)).Where(snapshot => snapshot.Name == name && marker.IsOn(snapshot.FindAttribute, input.Key, Roles.Saved));
        var saved = new List<RollBackReceipt>();
        foreach (var snapshot in found.OrderBy(snapshot => snapshot.SnapshotId))
        {
            var until = snapshot.ExpiresAt ?? time.GetUtcNow() + s_kept;
            if (snapshot.ExpiresAt is null) await array.ModifySnapshotAsync(snapshot.SnapshotId, until, cancellation);
            saved.Add(new RollBackReceipt(name, until));
        }

        return saved;
    }

    public static StepFaultException NotListed(RollBackInput input) => new(new StepFault(
        "revert.not-saved", FaultKind.Transient, $"The array lists no {input.Key.NameFor(Roles.Saved)} after the roll-back that made it.", "Look at the array if this lasts."));
}
