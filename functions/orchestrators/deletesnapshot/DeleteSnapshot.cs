namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Deletes a copy: tombstone (refused while held) · manifest, from when on there is no backup · data · the array's snapshot where it was kept · tombstone.
/// Once the tombstone stands it goes forward only; a death on the way is finished by the next attempt, which finds the tombstone.
/// </summary>
[DurableTask(nameof(DeleteSnapshot))]
public sealed class DeleteSnapshot : TaskOrchestrator<DeleteSnapshotInput, DeleteSnapshotResult>
{
    public override async Task<DeleteSnapshotResult> RunAsync(TaskOrchestrationContext context, DeleteSnapshotInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        var subject = input.Snapshot.Uuid;
        StoredCopy copy;
        try
        {
            var found = await runner.RunAsync(Steps.FindCopy, new FindCopyInput(input.Snapshot), StepPolicy.Work);
            if (found is { Copy: null, Primary: { } primary }) return await FromPrimaryAsync(primary);
            if (found.Copy is null) return new DeleteSnapshotResult(subject, Deleted: false, FreedBytes: 0);
            copy = found.Copy;

            // From its first attempt the tombstone may stand, so a wish to cancel comes too late.
            await runner.RunUncancelledAsync(Steps.EntombCopy, new EntombCopyInput(copy, input.Caller, input.Reason), StepPolicy.Commit);
        }
        catch (StepFaultException refused)
        {
            await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "snapshot.delete", subject, "refused", refused.Fault.Code), board.Stuck);
            throw;
        }

        await FinishAsync(Steps.MarkSnapshot, new MarkSnapshotInput(input.Snapshot) { State = SnapshotState.Destroying });
        await FinishAsync(Steps.DeleteManifest, copy);
        await FinishAsync(Steps.DeleteData, copy);
        await FinishAsync(Steps.DeleteStorageSnapshot, new StorageSnapshotInput(input.Snapshot, copy.Array, TimeSpan.Zero) { Group = copy.Group });
        await FinishAsync(Steps.RemoveTombstone, copy);
        await FinishAsync(Steps.MarkSnapshot, new MarkSnapshotInput(input.Snapshot) { State = SnapshotState.Destroyed, DeletedAt = Times.Utc(context.CurrentUtcDateTime) });
        await FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "snapshot.delete", subject, "done", input.Reason));
        board.Ended();
        return new DeleteSnapshotResult(subject, Deleted: true, copy.DataBytes);

        // On the array alone: there is no copy, so no tombstone.
        async Task<DeleteSnapshotResult> FromPrimaryAsync(ArrayVolume volume)
        {
            await FinishAsync(Steps.MarkSnapshot, new MarkSnapshotInput(input.Snapshot) { State = SnapshotState.Destroying });
            await FinishAsync(Steps.DeleteStorageSnapshot, new StorageSnapshotInput(input.Snapshot, volume, TimeSpan.Zero));
            await FinishAsync(Steps.MarkSnapshot, new MarkSnapshotInput(input.Snapshot) { State = SnapshotState.Destroyed, DeletedAt = Times.Utc(context.CurrentUtcDateTime) });
            await FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "snapshot.delete", subject, "done", input.Reason));
            board.Ended();
            return new DeleteSnapshotResult(subject, Deleted: true, FreedBytes: 0);
        }

        Task FinishAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput argument)
        {
            board.At(step.Name);
            return runner.FinishAsync(step, argument, board.Stuck);
        }
    }
}
