using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Lets the copy host reach the clone: adds it to the access group that holds the host's IQN, for an initiator can be in one group only.</summary>
[DurableTask(StepNames.GrantAccess)]
public sealed class GrantAccess(SolidFireArrays arrays, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<AccessInput, AccessReceipt>(execution)
{
    protected override async Task<AccessReceipt> ExecuteAsync(AccessInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        var group = await FindGroupAsync(array, input.InitiatorIqn, cancellation);
        var groupId = group?.VolumeAccessGroupId ?? await CreateGroupAsync(array, input);
        if (group?.VolumeIds.Contains(input.Volume.VolumeId) != true)
        {
            await intents.MakeAsync(
                input.Key, Roles.Access, "solidfire", input.Volume.ClusterUuid, $"{input.Volume.VolumeId} in {groupId}",
                () => array.AddVolumesToVolumeAccessGroupAsync(groupId, [input.Volume.VolumeId], Execution.StopToken));
        }

        intents.Made(input.Key, Roles.Access, groupId.ToString());
        return new AccessReceipt(groupId);
    }

    private static async Task<VolumeAccessGroup?> FindGroupAsync(SolidFireClient array, string iqn, CancellationToken cancellation)
    {
        var groups = await array.ListVolumeAccessGroupsAsync(cancellation);
        var holding = groups.Where(group => group.Initiators.Contains(iqn, StringComparer.OrdinalIgnoreCase)).ToList();
        return holding.Count <= 1
            ? holding.FirstOrDefault()
            : throw new StepFaultException(new StepFault(
                "access.ambiguous", FaultKind.Conflict, $"{iqn} is in {holding.Count} access groups.", "Leave the copy host in one access group."));
    }

    /// <summary>A host without a group gets one of its own, which stays: the next copy uses it again.</summary>
    private async Task<long> CreateGroupAsync(SolidFireClient array, AccessInput input)
    {
        var name = $"swf-{NameUuid.From(input.InitiatorIqn):N}-hosts";
        intents.Intend(input.Key, Roles.AccessGroup, "solidfire", input.Volume.ClusterUuid, name);
        var id = await array.CreateVolumeAccessGroupAsync(name, [input.InitiatorIqn], [], marker.Attributes(input.Key, Roles.AccessGroup), Execution.StopToken);
        intents.Made(input.Key, Roles.AccessGroup, id.ToString());
        return id;
    }
}
