using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.GroupSteps;

/// <summary>
/// Lets the fuse of a group's snapshots begin anew, for members that wait their turn still need them. It is never made shorter, nor put on what has none any more. What is gone is no fault here: the member whose it was tells it.
/// </summary>
[DurableTask(StepNames.RenewGroupSnapshot)]
public sealed class RenewGroupSnapshot(SolidFireArrays arrays, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<GroupSnapshotInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(GroupSnapshotInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Volumes[0].ClusterUuid, cancellation)).Client;
        var own = (await new GroupSnapshots(array, marker).OwnAsync(input, cancellation)).Where(group => group.GroupSnapshotId == input.GroupSnapshotId);
        var until = time.GetUtcNow() + input.Retention;
        foreach (var member in own.SelectMany(group => group.Members).Where(member => member.ExpiresAt < until)) await array.ModifySnapshotAsync(member.SnapshotId, until, cancellation);
        return true;
    }
}
