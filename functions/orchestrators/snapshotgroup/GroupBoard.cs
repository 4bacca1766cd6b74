namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The group's public status.</summary>
internal sealed class GroupBoard(TaskOrchestrationContext context, SnapshotGroupInput request)
    : WorkBoard<SnapshotGroupStatus>(context, new() { State = SnapshotState.Allocated, VmId = request.VmId })
{
    public override void At(string step) => Show(status => status with { Step = step, Waiting = null });

    public override void Waiting(StepNotice notice) => Show(status => status with { Step = notice.Step, Waiting = notice });

    public override void Stuck(StepNotice? notice) => Show(status => status with { Cleanup = new CleanupStatus(Done: false, notice) });
}
