namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The restore's public status.</summary>
internal sealed class RestoreBoard(TaskOrchestrationContext context, RestoreVolumeInput request)
    : WorkBoard<RestoreStatus>(context, new() { State = RestoreState.Allocated, SnapshotId = request.Snapshot.Uuid })
{
    public override void At(string step) => Show(status => status with { Step = step, Waiting = null });

    public override void Waiting(StepNotice notice) => Show(status => status with { Step = notice.Step, Waiting = notice });

    public override void Stuck(StepNotice? notice) => Show(status => status with { Cleanup = new CleanupStatus(Done: false, notice) });
}
