namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The board of a workflow that has no public face of its own: step, wait and note are its custom status.</summary>
internal sealed class PlainBoard(TaskOrchestrationContext context) : IStepBoard
{
    private WorkflowStatus _status = new(Step: null, Waiting: null, Note: null);

    public void At(string step) => Show(_status with { Step = step, Waiting = null });

    public void Waiting(StepNotice notice) => Show(_status with { Step = notice.Step, Waiting = notice });

    public void Stuck(StepNotice? notice) => Show(_status with { Waiting = notice });

    public void Note(string? note) => Show(_status with { Note = note });

    public void Ask(ExpiryQuestion? question) => Show(_status with { Question = question });

    public void Ended() => Show(_status with { Step = null, Waiting = null });

    private void Show(WorkflowStatus status)
    {
        if (status == _status) return;
        _status = status;
        context.SetCustomStatus(status);
    }
}
