namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// The group's own manifest, when its members' copies stand. A store that refuses it (full, read-only, not mounted any more) is mended by a person, so it is waited for: what the group still holds
/// on the array, and its slots, are given back first. A week, or a wish to cancel, ends the waiting; the members' copies stand in any case, each for itself.
/// </summary>
internal static class PublishManifestOfGroup
{
    private static readonly StepPolicy s_waiting = new(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromDays(7), Anything: true);

    public static async Task<ManifestReceipt> PublishAsync(this GroupRun run, PublishGroupInput manifest)
    {
        var began = run.Context.CurrentUtcDateTime;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await run.DoUncancelledAsync(Steps.PublishGroup, manifest, StepPolicy.Commit);
            }
            catch (StepFaultException refused) when (run.Context.IsAtLeast(WorkflowVersions.Told) && refused.Fault.Kind is not FaultKind.Conflict)
            {
                if (attempt == 1) await run.UnwindAsync();
                run.Board.Waiting(refused.Fault.Waiting(StepNames.PublishGroup, attempt));
                if (!s_waiting.Retries(refused.Fault, run.Context.CurrentUtcDateTime - began) || !await WaitAsync(run, s_waiting.DelayAfter(attempt, refused.Fault))) throw Unpublished(manifest, refused);
            }
        }
    }

    /// <returns>False when a person wants it to end.</returns>
    private static async Task<bool> WaitAsync(GroupRun run, TimeSpan delay)
    {
        try
        {
            await run.Cancellation.WaitAsync(delay);
            return true;
        }
        catch (StepFaultException wish) when (wish.Fault.Kind == FaultKind.Cancelled)
        {
            return false;
        }
    }

    private static StepFaultException Unpublished(PublishGroupInput manifest, StepFaultException refused) => new(
        new StepFault(
            "group.unpublished", FaultKind.Rejected, $"The copies of {manifest.Members.Count(member => member.State == SnapshotState.BackedUp)} volumes stand, each for itself, but the group's manifest was refused: {refused.Fault.Message}",
            "Restore the members one by one where they are needed; for a group with a manifest mend the store and take it again."),
        refused);
}
