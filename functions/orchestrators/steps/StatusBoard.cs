namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The snapshot's public status.</summary>
internal sealed class StatusBoard(TaskOrchestrationContext context) : WorkBoard<SnapshotStatus>(context, new() { State = SnapshotState.Allocated })
{
    public override void At(string step) => Show(status => status with { Step = step, Waiting = null });

    public override void Waiting(StepNotice notice) => Show(status => status with { Step = notice.Step, Waiting = notice });

    public override void Stuck(StepNotice? notice) => Show(status => status with { Cleanup = new CleanupStatus(Done: false, notice) });
}
