using SnapshotWorkflows.Functions.Orchestrators;

namespace SnapshotWorkflows.App.Starts;

/// <summary>What a person uses to have each workflow's work done: the route gives it its key, its input and its place in the ledger.</summary>
internal static class WorkRoutes
{
    /// <returns>A sentence; null for a workflow that is not the product's.</returns>
    public static string? Of(string workflow) => workflow switch
    {
        nameof(SnapshotVolume) => "POST /api/snapshots with a fresh Idempotency-Key takes a new snapshot.",
        nameof(SnapshotGroup) => "POST /api/vms/{vmId}/snapshots with a fresh Idempotency-Key takes a new group.",
        nameof(RestoreVolume) => "POST /api/snapshots/{id}/restore with a fresh Idempotency-Key restores anew.",
        nameof(RevertVolume) => "POST /api/snapshots/{id}/revert with a fresh Idempotency-Key reverts anew.",
        nameof(DeleteSnapshot) => "DELETE /api/snapshots/{id} takes a deletion up again.",
        nameof(HoldSnapshot) => "POST /api/snapshots/{id}/hold or POST /api/snapshots/{id}/release with a fresh Idempotency-Key.",
        nameof(RunPolicy) => "POST /api/policies/{name}/run with a fresh Idempotency-Key runs the policy now.",
        nameof(ExpireSnapshots) => "The next run of its policy expires what is due.",
        nameof(FollowSnapshot) or nameof(HandleCloudEvent) => "POST /api/snapshots with adoptSnapshotId copies what CloudStack has; the next reconciliation follows what was missed.",
        nameof(VerifySnapshot) => "POST /api/snapshots/{id}/verify with a fresh Idempotency-Key reads a copy.",
        nameof(SweepLeaks) => "POST /api/leaks/sweep with a fresh Idempotency-Key sweeps now.",
        nameof(ScrubSnapshots) => "POST /admin/functions/ScrubSnapshotsTimer reads today's share now, unless a run is under way.",
        nameof(CollectChunks) => "POST /admin/functions/CollectDeletedChunks collects now.",
        nameof(PurgeDeleted) => "POST /admin/functions/PurgeDeletedTimer brings the hour's run forward.",
        nameof(BackupLedger) => "POST /admin/functions/BackupLedgerTimer brings the next backup of the ledger forward.",
        nameof(Reconcile) => "POST /admin/functions/ReconcileTimer brings the next run forward.",
        nameof(ReportSnapshot) => "What has ended tells its callback by itself, for a day.",
        nameof(AdmissionNotice) => "The queue tells who is admitted by itself; POST /admin/functions/SweepAdmission looks it through now.",
        _ => null,
    };
}
