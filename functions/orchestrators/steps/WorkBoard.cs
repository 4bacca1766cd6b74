namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>A workflow's public status, shown as the instance's custom status whenever it changes.</summary>
internal abstract class WorkBoard<TStatus>(TaskOrchestrationContext context, TStatus first) : IStepBoard where TStatus : class, IEquatable<TStatus>
{
    public TStatus Status { get; private set; } = first;

    public void Show(Func<TStatus, TStatus> change)
    {
        var changed = change(Status);
        if (changed.Equals(Status)) return;
        Status = changed;
        context.SetCustomStatus(changed);
    }

    public abstract void At(string step);

    public abstract void Waiting(StepNotice notice);

    public abstract void Stuck(StepNotice? notice);
}
