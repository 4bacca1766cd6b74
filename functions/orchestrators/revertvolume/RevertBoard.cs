namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The revert's public status.</summary>
internal sealed class RevertBoard(TaskOrchestrationContext context, RevertVolumeInput request)
    : WorkBoard<RevertStatus>(context, new() { State = RevertState.Allocated, SnapshotId = request.Snapshot.Uuid })
{
    public override void At(string step) => Show(status => status with { Step = step, Waiting = null });

    public override void Waiting(StepNotice notice) => Show(status => status with { Step = notice.Step, Waiting = notice });

    public override void Stuck(StepNotice? notice) => Show(status => status with { Waiting = notice });
}
