using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>Changes one thing in the snapshot's row. A row that is not there is nothing to change: it comes with the next rebuild.</summary>
[DurableTask(StepNames.MarkSnapshot)]
public sealed class MarkSnapshot(SnapshotIndex index, IActivityExecution execution) : StepActivity<MarkSnapshotInput, bool>(execution)
{
    protected override Task<bool> ExecuteAsync(MarkSnapshotInput input, CancellationToken cancellation) => Task.FromResult(index.Change(input.Snapshot, row => row with
    {
        Held = input.Held ?? row.Held,
        DeletedAt = input.DeletedAt ?? row.DeletedAt,
        LastProven = input.LastProven ?? row.LastProven,
        DamagedAt = input.LastProven is null ? input.DamagedAt ?? row.DamagedAt : null,
        VerifyTriedAt = input.LastProven is null && input.DamagedAt is null ? input.VerifyTriedAt ?? row.VerifyTriedAt : null,
        Status = row.Status with { State = input.State ?? row.Status.State },
    }));
}
