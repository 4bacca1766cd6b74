using System.Text.Json;

namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Looks for what bears our mark and belongs to no live instance, and takes away what is provably a leak of ours with the steps of the workflow that made it. Inventories first, ledger
/// and instances second; a system that cannot be listed whole is left alone; what cannot be proven is reported and stays.
/// </summary>
[DurableTask(nameof(SweepLeaks))]
public sealed class SweepLeaks : TaskOrchestrator<SweepLeaksInput, SweepLeaksResult>
{
    /// <summary>No removal begins later; what is left is found by the next sweep.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromHours(2);

    public override async Task<SweepLeaksResult> RunAsync(TaskOrchestrationContext context, SweepLeaksInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        var began = context.CurrentUtcDateTime;
        var failures = new List<SweepFailure>();

        // A look alone disturbs nobody; a person who paused everything may want one.
        if (!input.DryRun && await context.HeldUpAsync() is { } held)
        {
            board.Note(held);
            return new SweepLeaksResult(0, 0, 0, 0, []);
        }

        var (things, unlisted) = await FindAsync(runner, failures);
        var judged = await runner.RunAsync(Steps.JudgeLeaks, new JudgeLeaksInput(things, Times.Utc(context.CurrentUtcDateTime)) { UnlistedPools = unlisted }, StepPolicy.Work);
        var unseen = failures.ToList();

        var removed = new HashSet<RequestKey>();
        var why = new Dictionary<RequestKey, string>();
        var fault = default(StepFault);
        if (!input.DryRun)
        {
            foreach (var removal in judged.Removals)
            {
                if (context.CurrentUtcDateTime - began > Deadline || await context.HeldUpAsync() is not null) break;
                try
                {
                    await RemoveAsync(runner, removal);
                    removed.Add(removal.Key);
                }
                catch (StepFaultException failure)
                {
                    if (failure.Fault.Kind == FaultKind.Cancelled)
                    {
                        fault = failure.Fault;
                        break;
                    }

                    why[removal.Key] = $"{failure.Fault.Code}: {failure.Fault.Message}";
                    failures.Add(new SweepFailure(removal.Key.Uuid, failure.Fault.Code, failure.Fault.Message));
                }
            }
        }

        var leaks = judged.Things.Count(one => one.Verdict == LeakVerdicts.Leak);
        var gone = judged.Things.Count(one => one.Verdict == LeakVerdicts.Leak && removed.Contains(one.Thing.Key!.Value));
        var report = new LeakReport(Times.Utc(context.CurrentUtcDateTime), input.DryRun, things.Count, gone, [.. judged.Things
            .Where(one => one.Verdict is not LeakVerdicts.Live)
            .OrderBy(one => one.Verdict == LeakVerdicts.Leak ? 0 : 1)
            .Take(LeakReport.ItemsMax)
            .Select(one => Item(one, removed, why))], unseen);
        await runner.FinishAsync(Steps.SaveReport, new SaveReportInput(LeakReport.Name, JsonSerializer.Serialize(report, ContractsJson.Default.LeakReport)), board.Stuck);
        await runner.FinishAsync(
            Steps.RecordAudit,
            new AuditEntry(input.Caller, input.DryRun ? "leaks.look" : "leaks.sweep", "leaks", fault is null && failures.Count == 0 ? "done" : "failed", $"{things.Count} seen, {leaks} leaks, {gone} removed, {failures.Count} failures"),
            board.Stuck);
        board.Ended();
        if (fault is not null) throw new StepFaultException(fault);
        return new SweepLeaksResult(things.Count, leaks, gone, leaks - gone, failures);
    }

    private static async Task<(List<MarkedThing> Things, List<string> UnlistedPools)> FindAsync(StepRunner runner, List<SweepFailure> failures)
    {
        var (things, unlisted) = (new List<MarkedThing>(), new List<string>());
        var scopes = await runner.RunAsync(Steps.ListSweepScopes, new NoInput(), StepPolicy.Work);
        // Scopes that a version listed which knew one array alone name none: the first is meant.
        foreach (var array in scopes.Arrays ?? (IReadOnlyList<string?>)[null]) await AddAsync(array is null ? "solidfire" : $"solidfire {array}", () => runner.RunAsync(Steps.FindMarkedOnArray, new ArrayScopeInput(array), StepPolicy.Looking));
        foreach (var pool in scopes.Pools)
        {
            if (!await AddAsync($"xenserver {pool}", () => runner.RunAsync(Steps.FindMarkedInPool, new ScopeInput(pool), StepPolicy.Looking))) unlisted.Add(pool);
        }

        foreach (var destination in scopes.Destinations) await AddAsync($"secondary {destination}", () => runner.RunAsync(Steps.FindMarkedOnStore, new ScopeInput(destination), StepPolicy.Looking));
        await AddAsync("ledger", () => runner.RunAsync(Steps.FindOpenIntents, new NoInput(), StepPolicy.Looking));
        return (things, unlisted);

        async Task<bool> AddAsync(string subject, Func<Task<MarkedThings>> look)
        {
            try
            {
                things.AddRange((await look()).Things);
                return true;
            }
            catch (StepFaultException away) when (away.Fault.Kind != FaultKind.Cancelled)
            {
                failures.Add(new SweepFailure(subject, away.Fault.Code, away.Fault.Message));
                return false;
            }
        }
    }

    /// <summary>In the order in which the workflow's own undo would go.</summary>
    private static async Task RemoveAsync(StepRunner runner, LeakRemoval removal)
    {
        await StepAsync(Steps.Thaw, removal.Thaw);
        await StepAsync(Steps.EndLeakedTask, removal.Task);

        // Data is touched only after the store itself said that it is no backup; what was on the way to it goes in either case.
        var data = removal.Vdi is not null || removal.Stream is not null || removal.Folder is not null;
        var unpublished = data && removal.Unpublished is { } folder && await runner.RunAsync(Steps.ProveUnpublished, folder, StepPolicy.Work);
        if (unpublished) await StepAsync(Steps.DestroyDestinationVdi, removal.Vdi);
        await StepAsync(Steps.ForgetDestinationSr, removal.DestinationSr);
        if (unpublished) await StepAsync(Steps.DiscardStream, removal.Stream);
        if (unpublished) await StepAsync(Steps.RemoveFolder, removal.Folder);
        await StepAsync(Steps.ForgetSr, removal.Sr);
        await StepAsync(Steps.RevokeAccess, removal.Lun);
        await StepAsync(Steps.DeleteClone, removal.Lun);
        await StepAsync(Steps.WithdrawAccess, removal.Access);
        await StepAsync(Steps.DeleteVolume, removal.Volume);
        await StepAsync(Steps.DeleteStorageSnapshot, removal.Snapshot);
        await StepAsync(Steps.DeleteGroupSnapshot, removal.Group);

        async Task StepAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput? argument) where TInput : class
        {
            if (argument is not null) await runner.RunAsync(step, argument, StepPolicy.Work);
        }
    }

    private static LeakItem Item(JudgedThing judged, HashSet<RequestKey> removed, Dictionary<RequestKey, string> why)
    {
        var (thing, verdict, reason) = judged;
        var leak = verdict == LeakVerdicts.Leak;
        var outcome = leak && removed.Contains(thing.Key!.Value) ? "removed" : leak && why.ContainsKey(thing.Key!.Value) ? "left" : "reported";
        return new LeakItem(
            thing.System, thing.Scope, thing.Role, thing.ObjectId, thing.Name, thing.Key?.Uuid, thing.MadeAt, verdict,
            outcome == "left" ? why[thing.Key!.Value] : reason, outcome);
    }
}
