namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Purges our deleted clones, and what restores had made and deleted, each proven anew, once their hours are over or their array is pressed for space or volumes.</summary>
[DurableTask(nameof(PurgeDeleted))]
public sealed class PurgeDeleted : TaskOrchestrator<PurgeDeletedInput, PurgeDeletedResult>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(30);

    public override async Task<PurgeDeletedResult> RunAsync(TaskOrchestrationContext context, PurgeDeletedInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        var began = context.CurrentUtcDateTime;
        if (await context.HeldUpAsync() is { } held) return new PurgeDeletedResult(0, held, []);
        var scopes = input.EachArray ? await runner.RunAsync(Steps.ListSweepScopes, new NoInput(), StepPolicy.Work) : null;
        var left = new List<SweepFailure>();
        var found = new List<PurgeableClones>();
        var purged = 0;
        foreach (var array in scopes?.Arrays ?? (IReadOnlyList<string?>)[null])
        {
            await TryAsync(array is null ? "solidfire" : $"solidfire {array}", async () => found.Add(await runner.RunAsync(Steps.FindPurgeable, new FindPurgeableInput(Times.Utc(began)) { Array = array }, StepPolicy.Looking)));
        }

        foreach (var clone in found.SelectMany(array => array.Clones))
        {
            if (context.CurrentUtcDateTime - began > Deadline || await context.HeldUpAsync() is not null) break;
            await TryAsync(clone.Volume.ToString(), async () => purged += await runner.RunAsync(Steps.PurgeClone, clone, StepPolicy.Looking) ? 1 : 0);
        }

        var pressed = found.Select(array => array.Pressure).OfType<string>().ToList();
        var pressure = pressed.Count == 0 ? null : string.Join("; ", pressed);
        if (left.Count > 0 || found.Any(array => array.Clones.Count > 0))
        {
            await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "clones.purge", "array", left.Count == 0 ? "done" : "failed", $"{purged} purged, {left.Count} left{(pressure is null ? "" : $"; {pressure}")}"), board.Stuck);
        }

        board.Ended();
        return new PurgeDeletedResult(purged, pressure, left);

        async Task TryAsync(string subject, Func<Task> act)
        {
            try
            {
                await act();
            }
            catch (StepFaultException fault) when (fault.Fault.Kind != FaultKind.Cancelled)
            {
                left.Add(new SweepFailure(subject, fault.Fault.Code, fault.Fault.Message));
            }
        }
    }
}
