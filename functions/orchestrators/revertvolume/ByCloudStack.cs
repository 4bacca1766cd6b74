namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>CloudStack puts the volume back, by its own snapshot.</summary>
internal static class ByCloudStack
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromHours(1);

    public static async Task<RevertedVolume> RevertByCloudStackAsync(this RevertRun run, RevertSource source, string snapshot)
    {
        var job = await StartAsync(run, source, new CloudRevertInput(run.Request.Key, snapshot));
        var deadline = run.Context.CurrentUtcDateTime + s_deadline;
        for (var wait = TimeSpan.FromSeconds(1); ; wait = wait < TimeSpan.FromSeconds(10) ? wait * 1.5 : wait)
        {
            if ((await CheckAsync(run, job)).Ended) return new RevertedVolume(source.VolumeId, "cloudstack", SavedSnapshot: null, SavedUntil: null);
            if (run.Context.CurrentUtcDateTime > deadline)
            {
                throw new StepFaultException(new StepFault(
                    "revert.deadline", FaultKind.Rejected, $"CloudStack's job {job} has not ended within {s_deadline}.", "Look at the management server: the job may still end, and the volume may hold either state."));
            }

            await run.Context.CreateTimer(wait, CancellationToken.None);
        }
    }

    /// <summary>A job that cannot be asked for is waited for; of one that CloudStack has forgotten nobody can tell how it ended.</summary>
    private static async Task<CloudRevertCheck> CheckAsync(RevertRun run, string job)
    {
        try
        {
            return await run.DoUncancelledAsync(Steps.CheckCloudRevert, new CloudRevertJob(run.Request.Key, job), StepPolicy.Commit);
        }
        catch (StepFaultException failure) when (failure.Fault.Kind == FaultKind.NotFound)
        {
            run.Effect = $"CloudStack's job {job} was started: the volume may hold either state.";
            throw;
        }
    }

    private static async Task<string> StartAsync(RevertRun run, RevertSource source, CloudRevertInput input)
    {
        if (!run.Context.IsAtLeast(WorkflowVersions.Settled))
        {
            run.Cancellation.ThrowIfWished();
            return await run.DoUncancelledAsync(Steps.StartCloudRevert, input, StepPolicy.Commit);
        }

        run.Undo.Push(Steps.SettleCloudRevert, input, settled => run.Effect = settled.JobId is null ? null : $"CloudStack's job {settled.JobId} was started all the same: the volume may hold either state.");
        var job = await run.DoUntilAnsweredAsync(Steps.StartCloudRevert, input, forward => run.InspectAsync(source, forward), async () =>
        {
            var settled = await run.DoUncancelledAsync(Steps.SettleCloudRevert, input, StepPolicy.Commit);
            return new Settlement<string>(settled.JobId, Forward: false);
        });
        // From here on what it says of the job says it all.
        run.Undo.Keep(StepNames.SettleCloudRevert);
        return job;
    }
}
