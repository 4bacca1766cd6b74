using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>
/// Waits until a roll-back that was sent and not answered cannot come any more, gives what it saved its end, and tells what came of it. The array knows no job of it that could be asked for. Before it a revert neither asks
/// again nor ends: a call that comes later would put the volume back under a running machine.
/// </summary>
[DurableTask(StepNames.SettleRollBack)]
public sealed class SettleRollBack(SolidFireArrays arrays, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<RollBackInput, SettledRollBack>(execution)
{
    protected override async Task<SettledRollBack> ExecuteAsync(RollBackInput input, CancellationToken cancellation)
    {
        if (intents.Find(input.Key, Roles.Saved) is not { } sent) return new SettledRollBack(Answered: false, Saved: null);
        intents.RequireSettled(input.Key, Roles.Saved, UnansweredCalls.OnArray, time);
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        var answered = sent.State == IntentStates.Made;
        if (await new SavedSnapshots(array, marker, time).LimitAsync(input, cancellation) is [var first, ..]) return new SettledRollBack(answered, first);
        if (answered) throw SavedSnapshots.NotListed(input);
        intents.Gone(input.Key, Roles.Saved);
        return new SettledRollBack(Answered: false, Saved: null);
    }
}
