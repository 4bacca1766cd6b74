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
        var cancellation = new Cancellation(context);
        if (!context.IsAtLeast(WorkflowVersions.Apart)) return await DeleteAsync(context, input, board, cancellation);
        try
        {
            // It needs no slot, but while everything is paused, or in a time of maintenance, it does not begin.
            await context.AdmitAsync(new AdmissionRequest(context.InstanceId, 1, [], "", AdmissionPriorities.Person), board, cancellation);
            return await DeleteAsync(context, input, board, cancellation);
        }
        finally
        {
            await context.ReleaseAdmissionAsync();
        }
    }

    private static async Task<DeleteSnapshotResult> DeleteAsync(TaskOrchestrationContext context, DeleteSnapshotInput input, PlainBoard board, Cancellation cancellation)
    {
        var runner = new StepRunner(context, board, cancellation);
        var subject = input.Snapshot.Uuid;
        StoredCopy copy;
        var begun = false;
        try
        {
            var found = await runner.RunAsync(Steps.FindCopy, new FindCopyInput(input.Snapshot), StepPolicy.Work);
            if (found is { Copy: null, Destroyed: true }) return await AgainAsync(found);
            if (found is { Copy: null, Primary: { } primary }) return await FromPrimaryAsync(primary, found);
            if (found.Finished) return await EndAsync(freedBytes: 0);
            begun = found.Begun;

            // Not success: the store may be the one that lost sight of it (not mounted, an older copy of it), and then the copy comes back with it.
            copy = found.Copy ?? throw new StepFaultException(new StepFault(
                "snapshot.copy-not-found", FaultKind.NotFound, $"The store shows neither manifest nor tombstone of snapshot {subject}, so nothing was deleted.",
                "Check that the destination is mounted and whole, then delete the snapshot again. If its copy is known to be gone, `catalog rebuild` marks the row."));

            // From its first attempt the tombstone may stand, so a wish to cancel comes too late.
            await runner.RunUncancelledAsync(Steps.EntombCopy, new EntombCopyInput(copy, input.Caller, input.Reason), StepPolicy.Commit);
        }
        catch (StepFaultException refused)
        {
            await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "snapshot.delete", subject, "refused", refused.Fault.Code), board.Stuck);

            // Whoever waits for its end looks at the snapshot.
            if (context.IsAtLeast(WorkflowVersions.Shown))
            {
                // Begun by an attempt that died, and given way now: the copy is whole, and its tombstone is taken back.
                var whole = begun && refused.Fault.Code is "snapshot.held" or FaultCodes.BeingRestored or FaultCodes.BeingReverted;
                await runner.FinishAsync(
                    Steps.MarkSnapshot,
                    new MarkSnapshotInput(input.Snapshot) { State = whole ? SnapshotState.BackedUp : null, Notice = refused.Fault.Ending(nameof(DeleteSnapshot)) },
                    board.Stuck);
            }

            throw;
        }

        await FinishAsync(Steps.MarkSnapshot, new MarkSnapshotInput(input.Snapshot) { State = SnapshotState.Destroying });
        await FinishAsync(Steps.DeleteManifest, copy);
        await FinishAsync(Steps.DeleteData, copy);
        await FinishAsync(Steps.DeleteStorageSnapshot, new StorageSnapshotInput(input.Snapshot, copy.Array, TimeSpan.Zero) { Group = copy.Group, KeptBesideCopy = copy.KeptOnPrimary ?? true });
        if (copy.Group is not null && context.IsAtLeast(WorkflowVersions.Apart)) await FinishAsync(Steps.ForgetGroup, copy);
        await FinishAsync(Steps.RemoveTombstone, copy);
        return await EndAsync(copy.DataBytes);

        // Of a repository of chunks only it can tell whether a deletion still stands, and an array that was said to be lost may be back: there it is asked for anew. When it was deleted stays as it was.
        async Task<DeleteSnapshotResult> AgainAsync(FoundCopy before)
        {
            if (before.Remains is { } remains) await runner.RunAsync(Steps.DeleteData, remains, StepPolicy.Work);
            var asked = before.Primary is { } volume ? await IsGoneFromAsync(volume, before.Group) : before.Remains is not null;
            if (asked)
            {
                await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "snapshot.delete", subject, "done", "it was deleted before"), board.Stuck);
            }

            return new DeleteSnapshotResult(subject, Deleted: false, FreedBytes: 0);
        }

        // On the array alone: there is no copy, so no tombstone. It is gone when that array has said so; one that the settings do not lead to says nothing: then the snapshot is where it was, unless an operator knows better.
        async Task<DeleteSnapshotResult> FromPrimaryAsync(ArrayVolume volume, FoundCopy found)
        {
            // What is an Error for its lost copy stays one until it is gone: as Destroying it would look like a deletion of that copy.
            if (!found.CopyGone) await FinishAsync(Steps.MarkSnapshot, new MarkSnapshotInput(input.Snapshot) { State = SnapshotState.Destroying });
            var kept = new StorageSnapshotInput(input.Snapshot, volume, TimeSpan.Zero) { Group = found.Group };
            try
            {
                if (context.IsAtLeast(WorkflowVersions.Kept) && !input.ArrayLost) await runner.RunUncancelledAsync(Steps.DeleteStorageSnapshot, kept, StepPolicy.Commit);
                else await FinishAsync(Steps.DeleteStorageSnapshot, kept with { KeptBesideCopy = true });
            }
            catch (StepFaultException refused)
            {
                if (!found.CopyGone) await FinishAsync(Steps.MarkSnapshot, new MarkSnapshotInput(input.Snapshot) { State = SnapshotState.CreatedOnPrimary });
                throw refused.Fault.Code != FaultCodes.OtherCluster
                    ? refused
                    : new StepFaultException(refused.Fault with { Remedy = $"{refused.Fault.Remedy} If that array is lost for good, DELETE /api/snapshots/{subject}?arrayLost=true, as an operator." }, refused);
            }

            return await EndAsync(freedBytes: 0);
        }

        // False: the settings do not lead to its array any more, so nothing new is known.
        async Task<bool> IsGoneFromAsync(ArrayVolume volume, RequestKey? group)
        {
            try
            {
                return await runner.RunAsync(Steps.DeleteStorageSnapshot, new StorageSnapshotInput(input.Snapshot, volume, TimeSpan.Zero) { Group = group }, StepPolicy.Work);
            }
            catch (StepFaultException unserved) when (unserved.Fault.Code == FaultCodes.OtherCluster)
            {
                return false;
            }
        }

        async Task<DeleteSnapshotResult> EndAsync(long freedBytes)
        {
            await FinishAsync(Steps.MarkSnapshot, new MarkSnapshotInput(input.Snapshot) { State = SnapshotState.Destroyed, DeletedAt = Times.Utc(context.CurrentUtcDateTime) });
            await FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "snapshot.delete", subject, "done", input.Reason));
            board.Ended();
            return new DeleteSnapshotResult(subject, Deleted: true, freedBytes);
        }

        Task FinishAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput argument)
        {
            board.At(step.Name);
            return runner.FinishAsync(step, argument, board.Stuck);
        }
    }
}
