using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.GroupSteps;

/// <summary>
/// Takes the snapshots of all volumes at one instant, or adopts those that an earlier attempt took; all or none. They bear the same fuse as a single one, and while a guest is frozen only those that were asked for in this very
/// freeze will do.
/// </summary>
[DurableTask(StepNames.CreateGroupSnapshot)]
public sealed partial class CreateGroupSnapshot(SolidFireArrays arrays, IntentLedger intents, Marker marker, ILogger<CreateGroupSnapshot> logger, IActivityExecution execution)
    : StepActivity<GroupSnapshotInput, GroupSnapshotReceipt>(execution)
{
    protected override async Task<GroupSnapshotReceipt> ExecuteAsync(GroupSnapshotInput input, CancellationToken cancellation)
    {
        var name = input.Key.NameFor(Roles.Group);
        var array = (await arrays.RequireAsync(input.Volumes[0].ClusterUuid, cancellation)).Client;
        var all = await new GroupSnapshots(array, marker).OwnAsync(input, cancellation);
        var own = input.Freeze is null ? all : [.. all.Where(group => GroupSnapshots.IsOfFreeze(group, input.Freeze))];
        foreach (var late in all.Except(own)) await array.DeleteGroupSnapshotAsync(late.GroupSnapshotId, keepMembers: false, cancellation);
        if (own.Count > 1)
            throw new StepFaultException(new StepFault("snapshot.ambiguous", FaultKind.Corrupt, $"The array has {own.Count} group snapshots named {name}; which one the guest was frozen for cannot be told.", "Ask again; they are all removed."));
        if (own is [var found])
        {
            GroupAdopted(logger, name, found.GroupSnapshotId);
            intents.Made(input.Key, Roles.Group, found.GroupSnapshotId.ToString());
            return Receipt(found, input);
        }

        intents.Intend(input.Key, Roles.Group, "solidfire", input.Volumes[0].ClusterUuid, name);
        var made = await array.CreateGroupSnapshotAsync([.. input.Volumes.Select(volume => volume.VolumeId)], name, input.Retention, marker.Attributes(input.Key, Roles.Group, input.Freeze), Execution.StopToken);
        intents.Made(input.Key, Roles.Group, made.GroupSnapshotId.ToString());
        return Receipt(made, input);
    }

    private static GroupSnapshotReceipt Receipt(GroupSnapshot group, GroupSnapshotInput input)
    {
        var members = group.Members.ToDictionary(member => member.VolumeId);
        if (group.CreatedAt is not { } createdAt) throw new StepFaultException(new StepFault("snapshot.no-time", FaultKind.Corrupt, $"The array gave no creation time for group snapshot {group.GroupSnapshotId}.", "Check the array's API version."));
        return new GroupSnapshotReceipt(group.GroupSnapshotId, createdAt, [.. input.Volumes.Select(volume => members.TryGetValue(volume.VolumeId, out var member)
            ? new StorageSnapshot(member.SnapshotId, member.Uuid ?? "", member.CreatedAt ?? createdAt, member.TotalBytes)
            : throw new StepFaultException(new StepFault("group.member-missing", FaultKind.Corrupt, $"Group snapshot {group.GroupSnapshotId} has no member of {volume}.", "It is removed; ask again, and look at the array's events.")))]);
    }

    [LoggerMessage(EventId = 3121, Level = LogLevel.Information, Message = "Adopted group snapshot {Name} ({GroupSnapshotId}) left by an earlier attempt")]
    private static partial void GroupAdopted(ILogger logger, string name, long groupSnapshotId);
}
