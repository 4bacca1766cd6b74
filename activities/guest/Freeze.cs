using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>
/// Freezes the guest through its hook, or pauses its machine. A freeze that an earlier attempt may have begun is ended first: nobody knows how much of its time is left, the guest gets to run in between, and the
/// snapshot is taken in one that has all of its time.
/// </summary>
[DurableTask(StepNames.Freeze)]
public sealed class Freeze(QuiesceHook hook, GuestPause pause, IntentLedger intents, IActivityExecution execution) : StepActivity<FreezeInput, FreezeReceipt>(execution)
{
    protected override async Task<FreezeReceipt> ExecuteAsync(FreezeInput input, CancellationToken cancellation)
    {
        if (input.VmUuid is { } machine)
        {
            intents.Intend(input.Key, Roles.Freeze, "xenserver", $"{input.Pool}/{machine}", input.Marker);
            return await pause.FreezeAsync(input, cancellation, Execution.StopToken);
        }

        var first = intents.Intend(input.Key, Roles.Freeze, "guest", input.VmId, input.Marker);
        if (!first) await hook.ThawAsync(input.VmId, input.Marker, cancellation);
        FreezeAnswer answer;
        try
        {
            answer = await hook.FreezeAsync(input.VmId, input.Marker, cancellation);
        }
        catch (StepFaultException refused) when (first && !refused.Fault.IsRetryable)
        {
            // No call went out before this one, and it was refused: nothing is frozen, so the thaw need not wait for an agent that refuses it just as well.
            intents.Gone(input.Key, Roles.Freeze);
            throw;
        }

        return answer.Frozen
            ? new FreezeReceipt(answer.Marker, answer.At)
            : throw new StepFaultException(new StepFault("quiesce.not-frozen", FaultKind.Rejected, "The agent answered that the guest is not frozen.", "Look at the agent's log, or ask for quiesce 'none'."));
    }
}
