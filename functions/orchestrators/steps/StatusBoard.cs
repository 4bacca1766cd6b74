namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The snapshot's public status, shown as the instance's custom status whenever it changes.</summary>
internal sealed class StatusBoard(TaskOrchestrationContext context) : IStepBoard
{
    public SnapshotStatus Status { get; private set; } = new() { State = SnapshotState.Allocated };

    public void Show(Func<SnapshotStatus, SnapshotStatus> change)
    {
        var changed = change(Status);
        if (changed == Status) return;
        Status = changed;
        context.SetCustomStatus(changed);
    }

    public void At(string step) => Show(status => status with { Step = step, Waiting = null });

    public void Waiting(StepNotice notice) => Show(status => status with { Step = notice.Step, Waiting = notice });
}
