using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>
/// Takes the volume out of the access group that the request had put it into, and of no other, once no host of that group is logged in to it. Without an intent of ours, as after a restore of the ledger, only a volume that bears our whole mark is taken out of the
/// host's group; who put CloudStack's own there is then not known, so it stays, which the audit trail tells.
/// </summary>
[DurableTask(StepNames.WithdrawAccess)]
public sealed class WithdrawAccess(SolidFireArrays arrays, IntentLedger intents, AuditTrail audit, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<AccessInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(AccessInput input, CancellationToken cancellation)
    {
        var intent = intents.Find(input.Key, Roles.Access);
        var known = intents.Last(input.Key, Roles.Access) is not null;
        // Taken back before, or never granted: the array need not be asked again.
        if (intent is null && known) return false;
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        var taken = false;
        foreach (var group in await array.ListVolumeAccessGroupsAsync(cancellation))
        {
            var granted = input.InitiatorIqn.Length > 0
                ? group.Initiators.Contains(input.InitiatorIqn, StringComparer.OrdinalIgnoreCase)
                : intent?.Marker == $"{input.Volume.VolumeId} in {group.VolumeAccessGroupId}";
            if (!granted || !group.VolumeIds.Contains(input.Volume.VolumeId)) continue;
            if (intent is null && !await IsOursAsync(array, input, cancellation))
            {
                audit.Add("restore", "snapshot.restore", input.Key.Uuid, "left", $"{input.Volume} stays in access group {group.VolumeAccessGroupId}: the ledger does not know who put it there. Take it out unless CloudStack has attached it.");
                continue;
            }

            // Of this group alone: whoever reaches it by another keeps it.
            await array.RequireNoSessionAsync(input.Volume.VolumeId, initiator => initiator is null || group.Initiators.Contains(initiator, StringComparer.OrdinalIgnoreCase), "Its access was not revoked.", cancellation);
            await array.RemoveVolumesFromVolumeAccessGroupAsync(group.VolumeAccessGroupId, [input.Volume.VolumeId], cancellation);
            taken = true;
        }

        if (!taken) intents.RequireSettled(input.Key, Roles.Access, UnansweredCalls.OnArray, time);
        intents.Gone(input.Key, Roles.Access);
        return true;
    }

    private async Task<bool> IsOursAsync(SolidFireClient array, AccessInput input, CancellationToken cancellation) =>
        await array.FindVolumeAsync(input.Volume.VolumeId, cancellation) is { } volume && new OwnVolumes(array, marker).IsOurs(volume, input.Key);
}
