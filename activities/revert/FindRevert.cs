using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>What the catalog knows of a snapshot that is still on primary storage. Makes nothing.</summary>
[DurableTask(StepNames.FindRevert)]
public sealed class FindRevert(SnapshotIndex index, IActivityExecution execution) : StepActivity<FindRevertInput, RevertSource>(execution)
{
    protected override Task<RevertSource> ExecuteAsync(FindRevertInput input, CancellationToken cancellation) =>
        index.Find(input.Snapshot) is { DeletedAt: null } row && (row.Primary is not null || row.AdoptedSnapshotId is not null)
            ? Task.FromResult(new RevertSource(row.VolumeId, row.Primary, row.AdoptedSnapshotId, RequestKey.TryParse(row.GroupId, out var group) ? group : null))
            : throw new StepFaultException(new StepFault(
                "revert.not-on-primary", FaultKind.NotFound, $"Snapshot {input.Snapshot.Uuid} is not on primary storage.", "Restore its copy: POST /api/snapshots/{id}/restore, into a new volume or a detached one."));
}
