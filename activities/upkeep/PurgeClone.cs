using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>
/// Purges one deleted clone, or a volume that a restore had made, after every proof of its deletion was made again: cluster, id, whole mark, name, no mark of CloudStack's, no access group, no session; the ledger intended
/// it on this cluster, and no instance of it lives. After this there is no way back.
/// </summary>
[DurableTask(StepNames.PurgeClone)]
public sealed class PurgeClone(SolidFireArrays arrays, IntentLedger intents, Marker marker, DurableTaskClient client, IActivityExecution execution) : StepActivity<DeletedClone, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(DeletedClone input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        if (await array.FindVolumeAsync(input.Volume.VolumeId, cancellation) is not { IsDeleted: true } volume) return false;
        var role = input.Role ?? Roles.Clone;
        if (role is not (Roles.Clone or Roles.Volume) || volume.FindAttribute(CloneProofs.CloudStackMark) is not null) throw Refused("clone.not-ours", $"Volume {volume.VolumeId} is nothing that is purged.");
        if ((role == Roles.Clone && volume.Name != input.Key.NameFor(Roles.Clone)) || !marker.IsOn(volume.FindAttribute, input.Key, role)) throw Refused("clone.not-ours", $"Volume {volume.VolumeId} does not bear the mark of request {input.Key.Uuid}.");
        if (!intents.Knows(input.Key, role, input.Volume.ClusterUuid)) throw Refused("clone.not-in-ledger", $"The ledger knows no clone of request {input.Key.Uuid} on cluster {input.Volume.ClusterUuid}, so volume {volume.VolumeId} is not provably ours.");
        if (await client.GetInstanceAsync(input.Key.Value, cancellation) is { IsCompleted: false }) throw Refused("clone.instance-lives", $"The instance of request {input.Key.Uuid} has not ended.");
        await array.RequireUnusedAsync(volume, cancellation);
        await array.PurgeDeletedVolumeAsync(volume.VolumeId, cancellation);
        return true;
    }

    private static StepFaultException Refused(string code, string message) =>
        new(new StepFault(code, FaultKind.Conflict, $"{message} It was not purged.", "The array purges it by itself 8 hours after its deletion."));
}
