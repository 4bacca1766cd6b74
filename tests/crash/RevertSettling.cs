using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A roll-back that was not answered comes later, or never: nothing else is sent before that is known, and the revert does not end. Until one is sent the revert can be cancelled and gives up.</summary>
public sealed class RevertSettling
{
    private const string RollBack = "RollbackToSnapshot";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_roll_back_that_comes_late_is_waited_for_before_another_is_sent()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        var wire = LateWire.HoldingFirst(RollBack);
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var id = await Reverts.PostAsync(life, key);
        Assert.True((await Reverts.UntilWaitingAsync(life, id, "undo.unanswered")).Asked);
        Assert.Equal((409, "revert.asked"), await Reverts.CancelAsync(life, id));
        Assert.Equal(0, world.Faults.CallsOf("solidfire", RollBack));
        await wire.ReleaseAsync();
        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.Equal(2, world.Faults.CallsOf("solidfire", RollBack));
        Assert.Equal(2, Reverts.Saved(world).Count);
        Assert.All(Reverts.Saved(world), one => Assert.NotNull(one["expirationTime"]));
    }

    /// <summary>The machine is started while nobody knows what came of the call: its end waits, tells what came, and what was saved goes one day.</summary>
    [Fact]
    public async Task A_revert_that_is_refused_after_a_late_roll_back_tells_that_the_volume_was_put_back()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        var wire = LateWire.HoldingFirst(RollBack);
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var id = await Reverts.PostAsync(life, key);
        await Reverts.UntilWaitingAsync(life, id, "undo.unanswered");
        Assert.Contains((await life.Get<DurableTaskClient>().Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, Cancellation))!.State.Granted, grant => grant.Request.Instance == id);
        await wire.ReleaseAsync();
        world.StartMachine();
        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        var fault = StepFault.From(ended.FailureDetails!);
        Assert.Equal("revert.in-use", fault.Code);
        var saved = Assert.Single(Reverts.Saved(world));
        Assert.NotNull(saved["expirationTime"]);
        Assert.Contains((string)saved["name"]!, fault.Message, StringComparison.Ordinal);
        Assert.Equal(fault.Message, ended.ReadCustomStatusAs<RevertStatus>()!.Failure!.Message);
        Assert.Contains(life.Get<AuditTrail>().List(key.Uuid, 0, 20), line => line is { What: "snapshot.revert", Outcome: "failed" } && line.Detail!.Contains("put back", StringComparison.Ordinal));
        Assert.Equal(1, world.Faults.CallsOf("solidfire", RollBack));
    }

    /// <summary>It waits for the revert, for it had looked for one before there was one; whoever has put the volume back does not stop halfway.</summary>
    [Fact]
    public async Task A_revert_that_has_put_the_volume_back_goes_on_though_a_deletion_has_begun()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        var wire = LateWire.HoldingFirst(RollBack);
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var id = await Reverts.PostAsync(life, key);
        await Reverts.UntilWaitingAsync(life, id, "undo.unanswered");
        life.Get<SnapshotIndex>().Change(key, row => row with { Status = row.Status with { State = SnapshotState.Destroying } });
        await wire.ReleaseAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(id, Cancellation)).RuntimeStatus);
        Assert.Equal(2, world.Faults.CallsOf("solidfire", RollBack));
    }

    /// <summary>Nobody else waits for its slots, but what may still come needs the snapshot: it is not deleted.</summary>
    [Fact]
    public async Task A_revert_whose_end_is_stuck_still_needs_its_snapshot()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        var (wire, runs) = (LateWire.HoldingFirst(RollBack), false);
        var holds = wire.Holds;
        wire.Holds = method =>
        {
            // CloudStack is asked whether the machine runs, which ends the revert; then the array cannot be asked what came of the call.
            if (runs && method.StartsWith("list", StringComparison.Ordinal) && world.Faults.List().Count == 0) Refuse(world, "solidfire", "ListSnapshots");
            return holds(method);
        };
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var id = await Reverts.PostAsync(life, key);
        await Reverts.UntilWaitingAsync(life, id, "undo.unanswered");
        await wire.ReleaseAsync();
        world.StartMachine();
        runs = true;
        AdmissionState? admission = null;
        await life.Get<DurableEngine>().PumpAsync(
            async () => (admission = (await life.Get<DurableTaskClient>().Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, Cancellation))!.State).Granted.Any(grant => grant.Request.Instance == id && grant.Stuck), Cancellation);
        Assert.Equal([id], admission!.ReadersOf(key));
        world.Faults.Clear();
        runs = false;
        Assert.Equal("revert.in-use", StepFault.From((await life.Get<DurableEngine>().PumpAsync(id, Cancellation)).FailureDetails!).Code);
    }

    /// <summary>The process that had sent it is gone; the next one knows from the ledger alone that it may come.</summary>
    [Fact]
    public async Task A_service_that_dies_with_its_call_under_way_waits_for_it_in_its_next_life()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        var wire = new LateWire { Holds = method => method == RollBack ? throw new SimulatedCrash("with its call under way") : Task.FromResult(false) };
        var death = await Record.ExceptionAsync(async () =>
        {
            await using var first = new Life(world, CrashSwitch.Never, wire: wire);
            await Reverts.RunAsync(first, key);
        });
        Assert.True(death is not null && Life.IsCrash(death), $"{death}");
        var sent = world.Clock.GetUtcNow();
        world.SetAccess(world.Volume.VolumeId, granted: true);
        await using var second = new Life(world, CrashSwitch.Never);
        Assert.Equal("revert.in-access-group", await Reverts.CodeAsync(second, key));
        Assert.InRange(world.Clock.GetUtcNow() - sent, TimeSpan.FromMinutes(1.9), TimeSpan.FromMinutes(10));
        Assert.Equal(0, world.Faults.CallsOf("solidfire", RollBack));
    }

    [Fact]
    public async Task A_call_that_never_came_leaves_the_revert_to_be_cancelled()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = RollBack, Action = FaultAction.DropRequest });
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = RollBack, Occurrence = 2, Action = FaultAction.Fail, ErrorName = "xDBVersionMismatch", Times = FaultSpecification.ForEver });
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await Reverts.PostAsync(life, key);
        Assert.False((await Reverts.UntilWaitingAsync(life, id, "solidfire.xDBVersionMismatch")).Asked);
        Assert.Equal(202, (await Reverts.CancelAsync(life, id)).Status);
        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Equal("cancelled", StepFault.From(ended.FailureDetails!).Code);
        Assert.DoesNotContain("put back", ended.ReadCustomStatusAs<RevertStatus>()!.Failure!.Message, StringComparison.Ordinal);
        Assert.Empty(Reverts.Saved(world));
        Assert.Empty(life.Get<IntentLedger>().Open(new RequestKey(id)));
        Assert.Equal((409, "revert.ended"), await Reverts.CancelAsync(life, id));
    }

    [Theory]
    [InlineData("solidfire", RollBack, "solidfire.xDBVersionMismatch")]
    [InlineData("cloudstack", "revertSnapshot", "cloudstack.")]
    public async Task A_revert_that_nobody_takes_up_gives_up_within_the_hour(string system, string method, string code)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = system == "solidfire" ? await Reverts.KeptAsync(world) : await Reverts.AdoptedAsync(world);
        world.StopMachine();
        Refuse(world, system, method);
        await using var life = new Life(world, CrashSwitch.Never);
        var began = world.Clock.GetUtcNow();
        Assert.StartsWith(code, await Reverts.CodeAsync(life, key), StringComparison.Ordinal);
        Assert.InRange(world.Clock.GetUtcNow() - began, TimeSpan.FromMinutes(25), TimeSpan.FromHours(1));
        Assert.Empty(Reverts.Saved(world));
    }

    /// <summary>What held when the revert began need not hold a minute later.</summary>
    [Theory]
    [InlineData("solidfire", RollBack, "started", "revert.in-use")]
    [InlineData("solidfire", RollBack, "plugged", "restore.target-plugged")]
    [InlineData("solidfire", RollBack, "granted", "revert.in-access-group")]
    [InlineData("solidfire", RollBack, "logged-in", "revert.in-use")]
    [InlineData("cloudstack", "revertSnapshot", "started", "revert.in-use")]
    public async Task Everything_is_proven_anew_before_each_try(string system, string method, string meanwhile, string code)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = system == "solidfire" ? await Reverts.KeptAsync(world) : await Reverts.AdoptedAsync(world);
        world.StopMachine();
        Refuse(world, system, method);
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await Reverts.PostAsync(life, key);
        await life.Get<DurableEngine>().PumpAsync(() => world.Faults.List()[0].FiredTimes > 0, Cancellation);
        world.Faults.Clear();
        switch (meanwhile)
        {
            case "started": world.Cloud.SetVirtualMachineState(world.Volume.CloudStackVmId, "Running"); break;
            case "plugged": world.LeavePlugged(world.Volume); break;
            case "granted": world.SetAccess(world.Volume.VolumeId, granted: true); break;
            default: world.LogInStranger(world.Volume.Iqn); break;
        }

        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Equal(code, StepFault.From(ended.FailureDetails!).Code);
        Assert.Equal(0, world.Faults.CallsOf(system, method));
    }

    [Fact]
    public async Task A_revert_by_CloudStack_whose_call_comes_late_is_followed_to_its_end()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.AdoptedAsync(world);
        world.StopMachine();
        var wire = LateWire.HoldingFirst("revertSnapshot");
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var id = await Reverts.PostAsync(life, key);
        await Reverts.UntilWaitingAsync(life, id, "undo.unanswered");
        Assert.Equal((409, "revert.asked"), await Reverts.CancelAsync(life, id));
        await wire.ReleaseAsync();
        world.Cloud.SetVirtualMachineState(world.Volume.CloudStackVmId, "Running");
        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Equal((OrchestrationRuntimeStatus.Completed, "cloudstack"), (ended.RuntimeStatus, ended.ReadOutputAs<RevertedVolume>()?.By));
        Assert.Equal(1, world.Faults.CallsOf("cloudstack", "revertSnapshot"));
        Assert.Empty(life.Get<IntentLedger>().Open(new RequestKey(id)));
    }

    /// <summary>Something between repeats the call, and the answer that comes back is the refusal of the second.</summary>
    [Fact]
    public async Task A_revert_by_CloudStack_whose_call_was_sent_twice_is_followed_to_its_end()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.AdoptedAsync(world);
        world.StopMachine();
        world.Faults.Add(new FaultSpecification { System = "cloudstack", Method = "revertSnapshot", Action = FaultAction.Duplicate });
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await Reverts.RunAsync(life, key);
        Assert.Equal((OrchestrationRuntimeStatus.Completed, "cloudstack"), (ended.RuntimeStatus, ended.ReadOutputAs<RevertedVolume>()?.By));
        Assert.Empty(life.Get<IntentLedger>().Open(new RequestKey(ended.InstanceId)));
    }

    /// <summary>Its rows were cleaned up: how it ended nobody can tell any more, but that it was started can be told.</summary>
    [Fact]
    public async Task A_revert_by_CloudStack_whose_job_is_forgotten_tells_that_it_was_started()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.AdoptedAsync(world);
        world.StopMachine();
        world.Faults.Add(new FaultSpecification { System = "cloudstack", Method = "queryAsyncJobResult", Action = FaultAction.Fail, ErrorName = "431", ErrorParams = ["Unable to find job by id"], Times = FaultSpecification.ForEver });
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await Reverts.RunAsync(life, key);
        Assert.Contains("was started: the volume may hold either state", StepFault.From(ended.FailureDetails!).Message, StringComparison.Ordinal);
    }

    /// <summary>A proxy's page, while the management server fails over, is no word on the job: neither that there is none, nor that it has ended.</summary>
    [Theory]
    [InlineData(true, 404)]
    [InlineData(false, 404)]
    [InlineData(false, 401)]
    public async Task A_page_that_is_no_answer_of_CloudStack_says_nothing_of_its_job(bool unanswered, int page)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.AdoptedAsync(world);
        world.StopMachine();
        if (unanswered) world.Faults.Add(new FaultSpecification { System = "cloudstack", Method = "revertSnapshot", Action = FaultAction.DropAnswer });
        world.Faults.Add(new FaultSpecification { System = "cloudstack", Method = "queryAsyncJobResult", Action = FaultAction.HttpStatus, Status = page, Times = FaultSpecification.ForEver });
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await Reverts.PostAsync(life, key);
        await Reverts.UntilWaitingAsync(life, id, $"cloudstack.{page}");
        var shown = world.Clock.GetUtcNow();
        await life.Get<DurableEngine>().PumpAsync(() => world.Clock.GetUtcNow() - shown > TimeSpan.FromMinutes(10), Cancellation);
        Assert.Contains((await life.Get<DurableTaskClient>().Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, Cancellation))!.State.Granted, grant => grant.Request.Instance == id);
        world.Faults.Clear();
        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Equal((OrchestrationRuntimeStatus.Completed, "cloudstack"), (ended.RuntimeStatus, ended.ReadOutputAs<RevertedVolume>()?.By));
        Assert.Equal(1, world.Faults.CallsOf("cloudstack", "revertSnapshot"));
    }

    /// <summary>Taken by the array's id: of what is not CloudStack's the array and the pools alone can tell, and that is enough; of CloudStack's own its machine's state cannot be asked.</summary>
    [Theory]
    [InlineData(false, false, null)]
    [InlineData(false, true, "revert.in-use")]
    [InlineData(true, false, "revert.cloudstack-volume")]
    public async Task A_snapshot_that_was_taken_by_the_arrays_id_is_gone_back_to_where_CloudStack_has_no_part_in_it(bool marked, bool loggedIn, string? code)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var cluster = (string)world.Array.Call("GetClusterInfo")["clusterInfo"]!["uuid"]!;
        var key = await Reverts.KeptAsync(world, $"\"solidFireVolumeId\":{world.Volume.VolumeId},\"clusterUuid\":\"{cluster}\"");
        world.Production.World.WriteVdi(world.Volume.VdiUuid, 2 << 20, CrashWorld.Image[..(1 << 20)]);
        world.StopMachine();
        if (!marked) world.DropCloudStacksMark(world.Volume.VolumeId);
        if (loggedIn) world.LogInStranger(world.Volume.Iqn);
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await Reverts.RunAsync(life, key);
        Assert.Equal(code, ended.FailureDetails is { } failure ? StepFault.From(failure).Code : null);
        Assert.Equal(code is null ? 1 : 0, world.Faults.CallsOf("solidfire", RollBack));
        if (code is null) Assert.True(world.ReadLun(world.Volume.VolumeId).AsSpan().SequenceEqual(CrashWorld.Image), "the disk is not the snapshot's");
    }

    private static void Refuse(CrashWorld world, string system, string method) => world.Faults.Add(new FaultSpecification
    {
        System = system, Method = method, Times = FaultSpecification.ForEver, Status = 503,
        Action = system == "solidfire" ? FaultAction.Fail : FaultAction.HttpStatus, ErrorName = system == "solidfire" ? "xDBVersionMismatch" : null,
    });
}
