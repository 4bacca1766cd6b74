namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Takes away what deleted snapshots left in the repositories of chunks, one repository after the other. One that cannot be collected now is named in the result and keeps the others from nothing; a run that dies goes
/// on where the repository stands, and the next run does what this one could not.
/// </summary>
[DurableTask(nameof(CollectChunks))]
public sealed class CollectChunks : TaskOrchestrator<CollectChunksInput, CollectChunksResult>
{
    public override async Task<CollectChunksResult> RunAsync(TaskOrchestrationContext context, CollectChunksInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        var repositories = await runner.RunAsync(Steps.FindRepositories, input, StepPolicy.Work);
        var done = new List<CollectedRepository>();
        foreach (var destination in repositories.Destinations)
        {
            if (await context.HeldUpAsync() is { } held)
            {
                board.Note(held);
                return new CollectChunksResult(done);
            }

            board.Note($"{done.Count} of {repositories.Destinations.Count} repositories done; now {destination}");
            var collected = await CollectAsync(runner, destination);
            done.Add(collected);
            await runner.FinishAsync(Steps.RecordAudit, Audit(input, collected), board.Stuck);
        }

        board.Note(null);
        board.Ended();
        return new CollectChunksResult(done);
    }

    private static async Task<CollectedRepository> CollectAsync(StepRunner runner, string destination)
    {
        try
        {
            return await runner.RunAsync(Steps.CollectRepository, new CollectRepositoryInput(destination), StepPolicy.Work);
        }
        catch (StepFaultException failure)
        {
            return new CollectedRepository(destination, [], 0, 0, [], []) { Failure = failure.Fault };
        }
    }

    private static AuditEntry Audit(CollectChunksInput input, CollectedRepository one) => new(
        input.By, "chunks.collect", one.Destination, one.Failure is null ? "done" : "failed",
        one.Failure is { } fault
            ? $"{fault.Code}: {fault.Message}"
            : $"{one.Purged.Count} snapshots purged, {one.Deleted} of {one.Condemned} packs and indexes deleted, {one.Closed.Count} dead backups closed{(one.WaitingFor.Count > 0 ? $", waiting for {string.Join(", ", one.WaitingFor.Take(5))}" : "")}{(one.Undecided is { Count: > 0 } kept ? $", delete again (the note of how their deletion ended is damaged): {string.Join(", ", kept.Take(5))}" : "")}");
}
