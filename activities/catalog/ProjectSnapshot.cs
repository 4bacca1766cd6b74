using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>Writes the snapshot's row for listings. The same row again changes nothing.</summary>
[DurableTask(StepNames.ProjectSnapshot)]
public sealed class ProjectSnapshot(SnapshotIndex index, IActivityExecution execution) : StepActivity<SnapshotRow, bool>(execution)
{
    protected override Task<bool> ExecuteAsync(SnapshotRow input, CancellationToken cancellation)
    {
        index.Project(input);
        return Task.FromResult(true);
    }
}
