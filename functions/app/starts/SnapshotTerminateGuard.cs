using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Orchestrators;

namespace SnapshotWorkflows.App.Starts;

/// <summary>
/// A terminated snapshot would leave behind what it had made: its own cancel route undoes it instead. The same holds for what has snapshots or deletions as children, for a terminate takes the
/// children with it.
/// </summary>
internal sealed class SnapshotTerminateGuard(DurableTaskClient client) : ITerminateGuard
{
    public async Task<TerminateDecision> DecideAsync(OrchestrationMetadata instance, TerminateRequest request, CancellationToken cancellation)
    {
        if (Cancel(instance) is not { } cancel) return TerminateDecision.Allow;
        if (!request.Forced)
        {
            return TerminateDecision.Refuse(
                "snapshot.cancel-instead", "A workflow under way holds things on array, hosts and store, which a terminate would leave behind.", $"{cancel}, or add force=true to have it undone in the same way.");
        }

        // A deletion only goes forward: ended here it leaves its tombstone, and the next attempt finds that.
        if (instance.Name == nameof(DeleteSnapshot)) return TerminateDecision.Allow;
        await client.RaiseEventAsync(instance.InstanceId, "Cancel", request.Reason, cancellation);
        return TerminateDecision.Handled;
    }

    /// <summary>What to do instead; null where a terminate leaves nothing behind.</summary>
    private static string? Cancel(OrchestrationMetadata instance) => instance.Name switch
    {
        nameof(SnapshotVolume) => Post(instance, "snapshots"),
        nameof(RestoreVolume) => Post(instance, "restores"),
        nameof(SnapshotGroup) => Post(instance, "groups"),
        nameof(RevertVolume) => Post(instance, "reverts"),
        nameof(RunPolicy) => "POST /api/policies/{name}/cancel for a policy's last run, or /api/snapshots/{id}/cancel for each snapshot of it",
        nameof(FollowSnapshot) => "POST /api/snapshots/{id}/cancel for its copy",
        nameof(ExpireSnapshots) => "Answer its question with false (POST /api/policies/{name}/expiry), or let the deletion under way end",
        nameof(DeleteSnapshot) => "Let it end: a deletion that has begun only goes forward",
        _ => null,
    };

    private static string? Post(OrchestrationMetadata instance, string route) => RequestKey.TryParse(instance.InstanceId, out var key) ? $"POST /api/{route}/{key.Uuid}/cancel" : null;
}
