namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The array puts the volume back: while nobody can be using it, and with what it held saved.</summary>
internal static class ByArray
{
    public static async Task<RevertedVolume> RevertByArrayAsync(this RevertRun run, RevertSource source, ArrayVolume volume)
    {
        var input = new RollBackInput(run.Request.Key, run.Request.Snapshot, source.Group, volume) { ArrayOnly = IsArrayOnly(source) };
        if (!run.Context.IsAtLeast(WorkflowVersions.Settled))
        {
            await run.InspectAsync(source, forward: false);
            run.Cancellation.ThrowIfWished();
            return Reverted(source, await run.DoUncancelledAsync(Steps.RollBack, input, StepPolicy.Commit));
        }

        // Before the slots are given back, whatever ends it.
        run.Undo.Push(Steps.SettleRollBack, input, settled => run.Effect = EffectOf(settled));
        var receipt = await run.DoUntilAnsweredAsync(Steps.RollBack, input, forward => run.InspectAsync(source, forward), async () =>
        {
            var settled = await run.DoUncancelledAsync(Steps.SettleRollBack, input, StepPolicy.Commit);
            return new Settlement<RollBackReceipt>(settled.Answered ? settled.Saved : null, settled.Saved is not null);
        });
        run.Undo.Keep(StepNames.SettleRollBack);
        return Reverted(source, receipt);
    }

    /// <summary>Everything that must hold before the volume is put back. Makes nothing.</summary>
    public static async Task InspectAsync(this RevertRun run, RevertSource source, bool forward)
    {
        var arrayOnly = IsArrayOnly(source) && run.Context.IsAtLeast(WorkflowVersions.Settled);
        if (!arrayOnly) await run.LookAsync(Steps.ProveStopped, new ProveStoppedInput(source.VolumeId), forward);
        if (source.CloudStackSnapshotId is not null) return;
        var plan = await run.LookAsync(Steps.InspectRollBack, new InspectRollBackInput(run.Request.Snapshot, source.Group, source.Array!) { ArrayOnly = arrayOnly, Forward = forward }, forward);
        await run.LookAsync(Steps.ProveUnplugged, new ProveUnpluggedInput(run.Request.Key, plan.Iqn, VdiUuid: null), forward);
    }

    /// <summary>The snapshot was taken by the array's id of the volume: CloudStack knows no volume of that name.</summary>
    private static bool IsArrayOnly(RevertSource source) => source.Array is { } volume && source.VolumeId == SnapshotVolumeInput.VolumeIdOf(volume);

    private static string? EffectOf(SettledRollBack settled) => settled.Saved is not { } saved
        ? null
        : $"The volume was put back all the same, by a call that was {(settled.Answered ? "" : "not ")}answered: what it held before is the array's snapshot {saved.SavedSnapshot}, until {saved.SavedUntil:O}.";

    private static RevertedVolume Reverted(RevertSource source, RollBackReceipt receipt) => new(source.VolumeId, "array", receipt.SavedSnapshot, receipt.SavedUntil);
}
