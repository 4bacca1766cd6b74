using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>Thaws the guest, or lets its machine go on, and learns whether the same freeze had held since it began. Thawing what is thawed is success.</summary>
[DurableTask(StepNames.Thaw)]
public sealed class Thaw(QuiesceHook hook, GuestPause pause, IntentLedger intents, IActivityExecution execution) : StepActivity<FreezeInput, ThawReceipt>(execution)
{
    protected override async Task<ThawReceipt> ExecuteAsync(FreezeInput input, CancellationToken cancellation)
    {
        var receipt = input.VmUuid is null ? await HookAsync(input, cancellation) : await pause.ThawAsync(input, cancellation);
        intents.Gone(input.Key, Roles.Freeze);
        return receipt;
    }

    private async Task<ThawReceipt> HookAsync(FreezeInput input, CancellationToken cancellation)
    {
        var answer = await hook.ThawAsync(input.VmId, input.Marker, cancellation);
        return new ThawReceipt(answer.Held, answer.HeldMs);
    }
}
