namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Tells a workflow that its wish was granted.</summary>
[DurableTask(nameof(AdmissionNotice))]
public sealed class AdmissionNotice : TaskOrchestrator<AdmissionRequest, bool>
{
    public const string EventName = "Admitted";

    public override Task<bool> RunAsync(TaskOrchestrationContext context, AdmissionRequest input)
    {
        context.SendEvent(input.Instance, EventName, input.Stage);
        return Task.FromResult(true);
    }
}
