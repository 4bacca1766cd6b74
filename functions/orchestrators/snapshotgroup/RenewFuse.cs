namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Members wait their turn: in a long queue, a pause, a time of maintenance. Meanwhile the array must not delete what they are to copy, so its fuse begins anew twice a day; it stays a fuse, should we never come back.
/// An array that is away is asked again each hour, and that fails nobody.
/// </summary>
internal static class RenewFuse
{
    private static readonly TimeSpan s_every = TimeSpan.FromHours(12);
    private static readonly TimeSpan s_again = TimeSpan.FromHours(1);

    /// <summary>Until the members have ended, or are wished to.</summary>
    public static async Task RenewFuseAsync(this GroupRun run, GroupTaken taken, Task members)
    {
        if (taken.Taken is not { } memberships || !run.Context.IsAtLeast(WorkflowVersions.Renewed)) return;
        var fuse = new GroupSnapshotInput(run.Request.Key, [.. memberships.Select(one => one.Volume)], run.Request.KeepOnPrimary ? TakeSnapshot.FuseOfKept : TakeSnapshot.Fuse) { GroupSnapshotId = taken.GroupSnapshotId };
        var runner = new StepRunner(run.Context, new AsideBoard(run.Board), run.Cancellation);
        for (var wait = s_every; await PassesAsync(run, wait, members);)
        {
            try
            {
                await runner.RunAsync(Steps.RenewGroupSnapshot, fuse, StepPolicy.Looking);
                wait = s_every;
            }
            catch (StepFaultException wish) when (wish.Fault.Kind == FaultKind.Cancelled)
            {
                return;
            }
            catch (StepFaultException away)
            {
                run.Board.Show(status => status with { Waiting = away.Fault.Waiting(StepNames.RenewGroupSnapshot) });
                wait = s_again;
            }
        }
    }

    /// <returns>False where the members have ended before, or there is a wish to cancel.</returns>
    private static async Task<bool> PassesAsync(GroupRun run, TimeSpan wait, Task members)
    {
        using var timer = new CancellationTokenSource();
        var elapsed = run.Context.CreateTimer(wait, timer.Token);
        if (await Task.WhenAny(elapsed, members, run.Cancellation.Wish) == elapsed) return true;

        // An open timer would keep the instance running after its end. In place: CancelAsync would finish on another thread.
        timer.Cancel();
        return false;
    }

    /// <summary>A moment's work beside that of the members: why it waits is shown, and that until it is tried again. The group's step is another.</summary>
    private sealed class AsideBoard(GroupBoard board) : IStepBoard
    {
        public void At(string step) => board.Show(status => status.Waiting?.Step == step ? status with { Waiting = null } : status);

        public void Waiting(StepNotice notice) => board.Show(status => status with { Waiting = notice });

        public void Stuck(StepNotice? notice) => board.Stuck(notice);
    }
}
