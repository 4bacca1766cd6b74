namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Freeze, take, thaw, and the proof that one freeze held from before the taking until after it.</summary>
internal static class Quiesced
{
    private const int FreezeTries = 3;

    /// <param name="takeBack">Undoes a taking whose freeze had broken, before the next try.</param>
    /// <returns>What was taken, <c>quiesced</c> or, where no freeze held, <c>crash</c>, and how long the last freeze lasted.</returns>
    public static async Task<(T Taken, string Consistency, double FrozenMs)> TakeQuiescedAsync<T>(this WorkRun run, RequestKey key, string vmId, Func<Task<T>> take, Func<Task> takeBack) where T : class
    {
        for (var attempt = 1; ; attempt++)
        {
            var freeze = new FreezeInput(key, vmId, key.NameFor($"freeze-{attempt}"));
            run.Undo.Push(Steps.Thaw, freeze);
            await run.DoAsync(Steps.Freeze, freeze);
            T? taken = null;
            StepFaultException? failure = null;
            try
            {
                taken = await take();
            }
            catch (StepFaultException fault)
            {
                failure = fault;
            }

            // Thawed before anything else is decided: no path may leave the guest waiting for us.
            var thaw = await run.DoUncancelledAsync(Steps.Thaw, freeze, StepPolicy.Thawing);
            run.Undo.Keep(StepNames.Thaw);
            if (failure is not null) throw failure;
            if (thaw.Held || attempt == FreezeTries) return (taken!, thaw.Held ? "quiesced" : "crash", thaw.FrozenMs);
            await takeBack();
        }
    }
}
