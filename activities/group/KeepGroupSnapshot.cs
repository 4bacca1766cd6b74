using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.GroupSteps;

/// <summary>Takes the fuse off the members of a group snapshot that the request keeps on the array.</summary>
[DurableTask(StepNames.KeepGroupSnapshot)]
public sealed class KeepGroupSnapshot(SolidFireArrays arrays, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<GroupSnapshotInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(GroupSnapshotInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Volumes[0].ClusterUuid, cancellation)).Client;
        var own = await new GroupSnapshots(array, marker).OwnAsync(input, cancellation);
        foreach (var member in own.SelectMany(group => group.Members).Where(member => member.ExpiresAt is not null))
            await array.ModifySnapshotAsync(member.SnapshotId, expiresAt: null, cancellation);
        if (own is [var only]) intents.Made(input.Key, Roles.Group, only.GroupSnapshotId.ToString());
        return own.Count > 0;
    }
}
