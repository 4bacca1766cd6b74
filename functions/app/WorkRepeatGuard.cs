using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Orchestrators;

namespace SnapshotWorkflows.App;

/// <summary>
/// What a workflow makes bears its request's key. Begun again, it would take the things of the first one for its own, overwrite its row, or do a second time what was undone or deleted since; gone on with
/// after its failure, it would go on with what its undo has taken away. Upkeep looks at everything anew, and may be repeated.
/// </summary>
internal sealed class WorkRepeatGuard : IRepeatGuard
{
    public RepeatRefusal? Decide(OrchestrationMetadata instance, bool isRewind) => Instead(instance.Name) is { } instead
        ? new RepeatRefusal(
            "workflow.not-repeatable", isRewind ? $"A {instance.Name} that failed has undone or told what it did, so it cannot go on." : $"A {instance.Name} works under the key of its request, so it cannot be done twice.", instead)
        : null;

    /// <summary>Null for what may be repeated.</summary>
    private static string? Instead(string workflow) => workflow switch
    {
        nameof(SnapshotVolume) => "POST /api/snapshots with a fresh Idempotency-Key takes a new snapshot.",
        nameof(SnapshotGroup) => "POST /api/vms/{vmId}/snapshots with a fresh Idempotency-Key takes a new group.",
        nameof(RestoreVolume) => "POST /api/snapshots/{id}/restore with a fresh Idempotency-Key restores anew.",
        nameof(RevertVolume) => "POST /api/snapshots/{id}/revert with a fresh Idempotency-Key reverts anew.",
        nameof(DeleteSnapshot) => "DELETE /api/snapshots/{id} takes a deletion up again.",
        nameof(HoldSnapshot) => "POST /api/snapshots/{id}/hold or /release with a fresh Idempotency-Key.",
        nameof(RunPolicy) => "POST /api/policies/{name}/run with a fresh Idempotency-Key runs the policy now.",
        nameof(ExpireSnapshots) => "The next run of its policy expires what is due.",
        nameof(FollowSnapshot) or nameof(HandleCloudEvent) => "POST /api/snapshots with adoptSnapshotId copies what CloudStack has; the next reconciliation follows what was missed.",
        _ => null,
    };
}
