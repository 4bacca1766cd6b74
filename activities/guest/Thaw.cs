using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>Thaws the guest and learns whether the same freeze had held since it began. Thawing what is thawed is success.</summary>
[DurableTask(StepNames.Thaw)]
public sealed class Thaw(QuiesceHook hook, IntentLedger intents, IActivityExecution execution) : StepActivity<FreezeInput, ThawReceipt>(execution)
{
    protected override async Task<ThawReceipt> ExecuteAsync(FreezeInput input, CancellationToken cancellation)
    {
        var answer = await hook.ThawAsync(input.VmId, input.Marker, cancellation);
        intents.Gone(input.Key, Roles.Freeze);
        return new ThawReceipt(answer.Held, answer.HeldMs);
    }
}
