namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Where a workflow shows which step is under way and why nothing moves.</summary>
internal interface IStepBoard
{
    void At(string step);

    void Waiting(StepNotice notice);

    /// <summary>A step of undo or clean-up that keeps failing; null when it went through.</summary>
    void Stuck(StepNotice? notice);
}
