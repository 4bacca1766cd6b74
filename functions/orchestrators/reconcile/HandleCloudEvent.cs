namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Looks at what an event of CloudStack's was about and starts the copies that policies want. The event itself is believed nothing but the id.</summary>
[DurableTask(nameof(HandleCloudEvent))]
public sealed class HandleCloudEvent : TaskOrchestrator<CloudEvent, HandledEvent>
{
    public override async Task<HandledEvent> RunAsync(TaskOrchestrationContext context, CloudEvent input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        var found = await runner.RunAsync(Steps.FindCloudSnapshot, new FindCloudSnapshotInput(input.EntityId), StepPolicy.Work);
        var follows = found.Snapshot is { } snapshot ? await runner.RunAsync(Steps.StartFollows, new StartFollowsInput([snapshot], $"event {input.Id}"), StepPolicy.Work) : null;
        if (follows is { Started: > 0 })
        {
            await runner.FinishAsync(Steps.RecordAudit, new AuditEntry("cloudstack", "event.handled", input.EntityId, "done", $"event {input.Id}: {follows.Started} copies started"), board.Stuck);
        }

        board.Ended();
        return new HandledEvent(input.Id, found.Why, follows);
    }
}
