namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Where a workflow shows which step is under way and why nothing moves.</summary>
internal interface IStepBoard
{
    void At(string step);

    void Waiting(StepNotice notice);
}
