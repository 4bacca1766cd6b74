using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Puts a volume back to a snapshot that stayed on the array; dies at every point of it; is refused while anybody could be using the volume.</summary>
public sealed class RevertVolumeCrashes
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_death_at_any_point_ends_with_the_snapshots_bytes_and_one_way_back()
    {
        var faults = new List<string>();
        for (var point = 0; ; point++)
        {
            using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
            var key = await Reverts.KeptAsync(world);
            world.Production.World.WriteVdi(world.Volume.VdiUuid, 2 << 20, CrashWorld.Image[..(1 << 20)]);
            world.StopMachine();
            var crash = new CrashSwitch(point);
            try
            {
                await using var first = new Life(world, crash);
                await Reverts.RunAsync(first, key);
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned.
            }

            await using var second = new Life(world, CrashSwitch.Never);
            var ended = await Reverts.RunAsync(second, key);
            var saved = world.Array.Call("ListSnapshots")["snapshots"]!.AsArray().Where(snapshot => ((string)snapshot!["name"]!).EndsWith("-saved", StringComparison.Ordinal)).ToList();
            if (ended.RuntimeStatus != OrchestrationRuntimeStatus.Completed) faults.Add($"#{point} {crash.DiedAt}: {ended.FailureDetails}");
            if (!world.ReadLun(world.Volume.VolumeId).AsSpan().SequenceEqual(CrashWorld.Image)) faults.Add($"#{point} {crash.DiedAt}: the disk is not the snapshot's");
            // One more for a roll-back whose answer was lost: what was written in between would be in it.
            if (saved.Count is not (1 or 2) || saved.Any(one => one!["expirationTime"] is null)) faults.Add($"#{point} {crash.DiedAt}: {saved.Count} saved snapshots");
            if (!second.Get<AuditTrail>().List(null, 0, 100).Any(line => line is { What: "snapshot.revert", Outcome: "done" })) faults.Add($"#{point} {crash.DiedAt}: the audit trail says nothing");
            var open = second.Get<IntentLedger>().Open(new RequestKey(ended.InstanceId)).Where(intent => intent.Role != "saved").ToList();
            if (open.Count > 0) faults.Add($"#{point} {crash.DiedAt}: open intents");
            if (crash.DiedAt is not null) continue;
            Assert.True(point > 15, $"only {point} crash points");
            Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(20)));
            return;
        }
    }

    [Fact]
    public async Task A_volume_that_anybody_could_be_using_is_not_put_back()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        await using var life = new Life(world, CrashSwitch.Never);
        Assert.Equal("revert.in-use", await Reverts.CodeAsync(life, key, "1"));
        world.Cloud.SetVirtualMachineState(world.Volume.CloudStackVmId, "Stopped");

        // Stopped by CloudStack's word, and still in an access group.
        Assert.Equal("revert.in-access-group", await Reverts.CodeAsync(life, key, "2"));
        Assert.Single(world.Array.Call("ListSnapshots")["snapshots"]!.AsArray());
        Assert.Equal(0, world.Faults.CallsOf("solidfire", "RollbackToSnapshot"));
    }

    /// <summary>Whoever saw the volume put back may have written to it before the lost answer is made good.</summary>
    [Fact]
    public async Task A_roll_back_whose_answer_was_lost_saves_again_what_is_there()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        await using var life = new Life(world, CrashSwitch.Never);
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = "RollbackToSnapshot", Action = FaultAction.DropAnswer });
        var ended = await Reverts.RunAsync(life, key);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        var saved = Reverts.Saved(world);
        Assert.Equal(2, saved.Count);
        Assert.All(saved, one => Assert.NotNull(one["expirationTime"]));
        Assert.EndsWith("-saved", ended.ReadOutputAs<RevertedVolume>()!.SavedSnapshot, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_roll_back_that_was_answered_is_not_done_again()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        await using var life = new Life(world, CrashSwitch.Never);
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = "ModifySnapshot", Action = FaultAction.DropRequest, Times = 3 });
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await Reverts.RunAsync(life, key)).RuntimeStatus);
        Assert.Equal(1, world.Faults.CallsOf("solidfire", "RollbackToSnapshot"));
        Assert.NotNull(Assert.Single(Reverts.Saved(world))["expirationTime"]);
    }

    [Fact]
    public async Task Roll_backs_that_are_never_answered_end_before_the_places_for_snapshots_do()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        await using var life = new Life(world, CrashSwitch.Never);
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = "RollbackToSnapshot", Action = FaultAction.DropAnswer, Times = FaultSpecification.ForEver });
        Assert.Equal("revert.unanswered", await Reverts.CodeAsync(life, key, ""));
        Assert.Equal(4, Reverts.Saved(world).Count);
        Assert.All(Reverts.Saved(world), one => Assert.NotNull(one["expirationTime"]));
    }

    /// <summary>What a revert saves is a person's way back for a week, and no sign of a job that is under way.</summary>
    [Fact]
    public async Task Two_reverts_within_a_week_do_not_keep_the_volume_from_being_backed_up()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        await using var life = new Life(world, CrashSwitch.Never) { IdempotencyKey = "after-the-reverts" };
        foreach (var attempt in new[] { "1", "2" }) Assert.Equal(OrchestrationRuntimeStatus.Completed, (await Reverts.RunAsync(life, key, attempt)).RuntimeStatus);
        world.StartMachine();
        var ended = await life.RunAsync(Cancellation);
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, ended.FailureDetails?.ErrorMessage);
    }
}
