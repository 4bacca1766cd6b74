namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// All volumes of a VM at one instant.
/// <para>
/// ListVmVolumes, ResolveVolume and a look at everything that each volume will need (refuse, wait for all volumes) · [Freeze] CreateGroupSnapshot [Thaw], all or nothing · SnapshotVolume's
/// second half for each volume, side by side, as instances of their own: a member that fails is told, and the others still end · PublishGroup · DeleteGroupSnapshot. A store that refuses the group's
/// manifest is waited for, after everything else is taken away. A wish to cancel is passed
/// on to the members, and waited for. A VM of one volume needs no group on the array: its snapshot is an ordinary one.
/// </para>
/// </summary>
[DurableTask(nameof(SnapshotGroup))]
public sealed class SnapshotGroup : TaskOrchestrator<SnapshotGroupInput, SnapshotGroupResult>
{
    public override async Task<SnapshotGroupResult> RunAsync(TaskOrchestrationContext context, SnapshotGroupInput input)
    {
        var run = new GroupRun(context, input);
        SnapshotGroupResult result;
        try
        {
            result = await MakeAsync(run);
        }
        catch (Exception failure)
        {
            var fault = failure is StepFaultException known ? known.Fault : Faults.Defect(failure);
            Fail(run, fault);
            await run.UnwindAsync();
            throw await EndFailedAsync(run, await run.FindUnkeptAsync() ?? fault, failure);
        }

        await run.UnwindAsync();
        if (await run.FindUnkeptAsync() is { } unkept) throw await EndFailedAsync(run, unkept, cause: null);
        await run.AuditAsync("done", $"{result.Members.Count} volumes");
        var state = input.PrimaryOnly ? SnapshotState.CreatedOnPrimary : SnapshotState.BackedUp;
        run.Board.Show(status => status with { State = state });
        await run.ReportAsync(state);
        End(run);
        return result;
    }

    /// <summary>Members that never began are not shown: they are no snapshots, and nothing would ever end them.</summary>
    private static void Fail(GroupRun run, StepFault fault) => run.Board.Show(status => status with
    {
        State = SnapshotState.Error,
        Failure = fault.Ending(status.Step ?? ""),
        Waiting = null,
        Members = run.MembersBegun ? status.Members : new GroupMembers([]),
    });

    /// <returns>What the group ends with.</returns>
    private static async Task<StepFaultException> EndFailedAsync(GroupRun run, StepFault fault, Exception? cause)
    {
        if (run.Board.Status.Failure?.Message != fault.Message) Fail(run, fault);
        await run.AuditAsync(fault.Kind == FaultKind.Cancelled ? "cancelled" : "failed", fault.Code);
        await run.ReportAsync(SnapshotState.Error);
        End(run);
        return new StepFaultException(fault, cause);
    }

    private static void End(GroupRun run) =>
        run.Board.Show(status => status with { Step = null, Waiting = null, Cleanup = new CleanupStatus(Done: true, Stuck: null), Ended = true });

    private static async Task<SnapshotGroupResult> MakeAsync(GroupRun run)
    {
        var taken = await run.TakeGroupAsync();
        if (!run.Request.PrimaryOnly) run.Board.Show(status => status with { State = SnapshotState.BackingUp });
        var members = await run.CopyMembersAsync(taken);
        string? manifest = null;
        if (members.Any(member => member.State == SnapshotState.BackedUp))
        {
            var (status, first) = (run.Board.Status, run.Volumes[0]);
            var published = await run.PublishAsync(
                new PublishGroupInput(run.Request, taken.Destination, first.ZoneId, first.VmName, first.Account, status.TakenAt, status.Consistency ?? "crash", members) { DomainId = first.DomainId });
            manifest = published.Name;
            run.Board.Show(now => now with { Manifest = published.Name });
        }

        var failed = members.Where(member => member.Failure is not null).ToList();
        if (failed.Count == 0) return new SnapshotGroupResult(run.Request.Key.Uuid, members, manifest);
        if (failed.Count == members.Count && failed.All(member => member.Failure!.Code == "cancelled")) throw new StepFaultException(Faults.Cancelled());
        throw new StepFaultException(MemberFailed(run));
    }

    internal static StepFault MemberFailed(GroupRun run)
    {
        var members = run.Board.Status.Members.Items;
        var failed = members.Where(member => member.Failure is not null).ToList();
        return new StepFault(
            "group.member-failed", FaultKind.Rejected,
            $"{failed.Count} of {members.Count} volumes have no {(run.Request.PrimaryOnly ? "snapshot" : "copy")}: {string.Join("; ", failed.Select(member => $"{member.VolumeId}: {member.Failure!.Code}"))}.",
            run.Request.PrimaryOnly ? "The other volumes' snapshots stand, each for itself. Mend what the members tell, and take the group again." : "The other volumes' copies stand, each for itself. Mend what the members tell, and take the group again.");
    }
}
