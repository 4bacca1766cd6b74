using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Members of groups that have not begun: there is no instance and no row of them yet, and nothing but their group's instance tells of them.</summary>
internal static class WaitingMembers
{
    private static readonly OrchestrationRuntimeStatus[] s_live = [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended];

    /// <summary>Reads all that is under way: for ids that are known nowhere else.</summary>
    /// <returns>The group under way that shows the snapshot; null when there is none, or the caller sees only groups it asked for and this is none of them.</returns>
    public static async Task<RequestKey?> GroupOfAsync(RequestKey snapshot, HttpRequest request, DurableTaskClient client, CancellationToken cancellation)
    {
        await foreach (var instance in client.GetAllInstancesAsync(new OrchestrationQuery(Statuses: s_live, FetchInputsAndOutputs: true)).WithCancellation(cancellation))
        {
            if (instance.Name != GroupTriggers.Workflow || instance.ReadCustomStatusAs<SnapshotGroupStatus>() is not { } status || instance.ReadInputAs<SnapshotGroupInput>() is not { } input) continue;
            if (status.Members.Items.Any(member => member.SnapshotId == snapshot.Uuid)) return request.Accounts() is null || input.Caller == request.Caller() ? input.Key : null;
        }

        return null;
    }
}
