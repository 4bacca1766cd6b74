using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>
/// Thaws the guest, or lets its machine go on, and learns whether the same freeze had held since it began. Thawing what is thawed is success. So is an agent that does not thaw, or a machine that is in
/// its pool no more, once nothing can be frozen by us any longer: no freeze of this marker is open in the ledger, or its time to live is long over.
/// </summary>
[DurableTask(StepNames.Thaw)]
public sealed partial class Thaw(QuiesceHook hook, GuestPause pause, IntentLedger intents, TimeProvider time, ILogger<Thaw> logger, IActivityExecution execution) : StepActivity<FreezeInput, ThawReceipt>(execution)
{
    /// <summary>From the freeze's intent on: its call, which may be late, the agent's time to live (at most 9 s, <see cref="QuiesceHookOptions.LongestTimeToLive"/>), and as much again and more.</summary>
    private static readonly TimeSpan s_frozenAtMost = TimeSpan.FromMinutes(1);

    protected override async Task<ThawReceipt> ExecuteAsync(FreezeInput input, CancellationToken cancellation)
    {
        ThawReceipt receipt;
        try
        {
            receipt = input.VmUuid is null ? await HookAsync(input, cancellation) : await pause.ThawAsync(input, cancellation);
        }
        catch (StepFaultException fault) when (IsOver(input) && (input.VmUuid is null || fault.Fault.Kind == FaultKind.NotFound))
        {
            // Without this a missing agent would keep the volume and its place on the array for ever. A pool that is away is no such case: only it can end a pause, and the watchdog's arm stays.
            GivenUp(logger, input.VmId, input.Marker, fault.Fault.Code, fault.Fault.Message);
            receipt = new ThawReceipt(Held: false, 0);
        }

        intents.Gone(input.Key, Roles.Freeze);
        return receipt;
    }

    /// <summary>Either way of the clock: one that was set while a guest was frozen must not make the wait an endless one.</summary>
    private bool IsOver(FreezeInput input) =>
        intents.Find(input.Key, Roles.Freeze) is not { } freeze || freeze.Marker != input.Marker || (time.GetUtcNow() - freeze.IntendedAt).Duration() > s_frozenAtMost;

    private async Task<ThawReceipt> HookAsync(FreezeInput input, CancellationToken cancellation)
    {
        var answer = await hook.ThawAsync(input.VmId, input.Marker, cancellation);
        return new ThawReceipt(answer.Held, answer.HeldMs);
    }

    [LoggerMessage(EventId = 3211, Level = LogLevel.Warning, Message = "VM {Vm} was not thawed by its agent or pool ({Marker}; {Code}: {Reason}); the freeze's time is over, so it runs, and the snapshot counts as not quiesced")]
    private static partial void GivenUp(ILogger logger, string vm, string marker, string code, string reason);
}
