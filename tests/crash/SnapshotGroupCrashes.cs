using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Dies at every point of SnapshotGroup, those of its members included: the two end in the order in which their steps come, and a death of one is a death of both. A class for each way to quiesce.</summary>
public abstract class SnapshotGroupExploration(ITestOutputHelper output, string quiesce)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_death_at_any_point_ends_as_if_there_had_been_none()
    {
        var faults = new List<string>();
        for (var point = 0; ; point++)
        {
            using var world = SnapshotGroupFaults.World(quiesce);
            var crash = new CrashSwitch(point);
            try
            {
                await using var first = new Life(world, crash);
                await SnapshotGroupFaults.RunAsync(first);
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned.
            }

            await using var second = new Life(world, CrashSwitch.Never);
            try
            {
                var ended = await SnapshotGroupFaults.RunAsync(second);
                faults.AddRange((await GroupChecker.FaultsAsync(world, second, ended, mustSucceed: true, Cancellation)).Select(fault => $"#{point} {crash.DiedAt}: {fault}"));
            }
            catch (Exception stuck) when (stuck is not OperationCanceledException)
            {
                faults.Add($"#{point} {crash.DiedAt}: {stuck.GetType().Name}: {stuck.Message}");
            }

            // Taken again where the freeze it was taken in broke with the death.
            var made = world.Faults.CallsOf("solidfire", "CreateGroupSnapshot");
            if (made != 1 && (made != 2 || quiesce == "none")) faults.Add($"#{point} {crash.DiedAt}: {made} group snapshots were made");
            if (crash.DiedAt is not null) continue;

            output.WriteLine($"{point} crash points");
            CrashExploration.Totals.Add(new CrashReport(point, point + 1, faults));
            Assert.True(point > 300, $"only {point} crash points: the explorer does not see the members");
            Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(40)));
            return;
        }
    }
}

public sealed class DeathsInAGroup(ITestOutputHelper output) : SnapshotGroupExploration(output, quiesce: "none");

public sealed class DeathsInAGroupWithAHook(ITestOutputHelper output) : SnapshotGroupExploration(output, quiesce: "hook");

public sealed class SnapshotGroupFaults
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    internal static CrashWorld World(string quiesce = "none", int? volumesPerAccount = null) =>
        new(new WorldOptions { TwoVolumes = true, CopyBytesPerSecond = null, Quiesce = quiesce, VolumesPerAccount = volumesPerAccount });

    internal static async Task<OrchestrationMetadata> RunAsync(Life life) => await life.Get<DurableEngine>().PumpAsync(await life.PostGroupAsync(Cancellation), Cancellation);

    [Theory]
    [InlineData("none")]
    [InlineData("hook")]
    public async Task Undisturbed_each_volume_has_its_copy_of_the_one_instant(string quiesce)
    {
        using var world = World(quiesce);
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life);
        Assert.Empty(await GroupChecker.FaultsAsync(world, life, ended, mustSucceed: true, Cancellation));
        Assert.Equal((1, 0), (world.Faults.CallsOf("solidfire", "CreateGroupSnapshot"), world.Faults.CallsOf("solidfire", "CreateSnapshot")));
        Assert.Equal(quiesce == "hook" ? "quiesced" : "crash", ended.ReadCustomStatusAs<SnapshotGroupStatus>()!.Consistency);
    }

    [Theory]
    [InlineData("CreateGroupSnapshot", FaultAction.DropAnswer, true)]
    [InlineData("DeleteGroupSnapshot", FaultAction.DropAnswer, true)]
    [InlineData("CreateGroupSnapshot", FaultAction.Fail, false)]
    public async Task A_fault_of_the_groups_own_calls_is_made_good_or_ends_clean(string method, FaultAction action, bool mustSucceed)
    {
        using var world = World();
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = method, Action = action, ErrorName = action == FaultAction.Fail ? "xPermissionDenied" : null });
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life);
        Assert.True(world.Faults.AllFired());
        Assert.Empty(await GroupChecker.FaultsAsync(world, life, ended, mustSucceed, Cancellation));
        Assert.Equal(mustSucceed, ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed);
    }

    [Fact]
    public async Task A_member_that_fails_is_told_and_the_other_ends_backed_up()
    {
        using var world = World();
        world.Faults.Add(new FaultSpecification { System = "xenserver", Method = "VDI.copy", Action = FaultAction.ZeroExtent, Offset = 0, Length = 64 << 10 });
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life);
        Assert.True(world.Faults.AllFired());
        Assert.Equal("group.member-failed", StepFault.From(ended.FailureDetails!).Code);
        Assert.Empty(await GroupChecker.FaultsAsync(world, life, ended, mustSucceed: false, Cancellation));
        var members = ended.ReadCustomStatusAs<SnapshotGroupStatus>()!.Members.Items;
        Assert.Equal(["verify.mismatch"], members.Where(member => member.Failure is not null).Select(member => member.Failure!.Code));
        Assert.Single(members, member => member.State == SnapshotState.BackedUp);
    }

    [Fact]
    public async Task A_group_that_is_kept_on_the_array_goes_with_its_members()
    {
        using var world = World();
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await life.PostAsync(
            $"/api/vms/{world.Volume.CloudStackVmId}/snapshots", """{"keepOnPrimary":true}""", (request, client) => life.Get<GroupTriggers>().CreateAsync(request, world.Volume.CloudStackVmId, client, Cancellation), Cancellation);
        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        var kept = world.Array.Call("ListSnapshots")["snapshots"]!.AsArray();
        Assert.Equal(2, kept.Count);
        Assert.All(kept, snapshot => Assert.Null(snapshot!["expirationTime"]));
        foreach (var member in ended.ReadCustomStatusAs<SnapshotGroupStatus>()!.Members.Items)
        {
            var key = RequestKey.TryParse(member.SnapshotId, out var parsed) ? parsed : default;
            var instance = DeleteSnapshotInput.InstanceOf(key).Value;
            var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync("DeleteSnapshot", new DeleteSnapshotInput(key, "test", "asked for"), new StartOrchestrationOptions(instance), Cancellation);
            await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
            await start;
            Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(instance, Cancellation)).RuntimeStatus);
        }

        Assert.Empty(world.Array.Call("ListSnapshots")["snapshots"]!.AsArray());
    }

    [Fact]
    public async Task A_cancel_at_any_moment_ends_clean()
    {
        var faults = new List<string>();
        var cancelled = 0;
        for (var moment = 5; ; moment += 17)
        {
            using var world = World();
            var counter = CrashSwitch.Never;
            await using var life = new Life(world, counter);
            var id = await life.PostGroupAsync(Cancellation);
            var engine = life.Get<DurableEngine>();
            try
            {
                await engine.PumpAsync(() => counter.Seen >= moment, Cancellation);
            }
            catch (PumpStalledException)
            {
                break;
            }

            var raise = life.Get<DurableTaskClient>().RaiseEventAsync(id, "Cancel", "test", Cancellation);
            await engine.PumpAsync(() => raise.IsCompleted, Cancellation);
            await raise;
            var ended = await engine.PumpAsync(id, Cancellation);
            faults.AddRange((await GroupChecker.FaultsAsync(world, life, ended, mustSucceed: false, Cancellation)).Select(fault => $"cancel at {moment}: {fault}"));
            if (ended.ReadCustomStatusAs<SnapshotGroupStatus>()!.Failure is { Code: "cancelled" or "group.member-failed" }) cancelled++;
            else if (ended.RuntimeStatus == OrchestrationRuntimeStatus.Failed) faults.Add($"cancel at {moment}: {ended.FailureDetails}");
        }

        Assert.True(cancelled > 3, $"only {cancelled} cancels came before the end");
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(40)));
    }
}
