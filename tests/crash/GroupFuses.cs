using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A group's snapshots are taken before its members have their places: however long these wait, what they are to copy is there, and what cannot be is told before anything is frozen.</summary>
public sealed class GroupFuses
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="awayOnce">The array refuses when it is first asked to wait longer.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Members_that_wait_for_days_find_their_snapshots(bool awayOnce)
    {
        using var world = SnapshotGroupFaults.World();
        await using var life = new Life(world, CrashSwitch.Never);
        var (engine, client) = (life.Get<DurableEngine>(), life.Get<DurableTaskClient>());
        var id = await life.PostGroupAsync(Cancellation);
        await engine.PumpAsync(() => world.Faults.CallsOf("solidfire", "CreateGroupSnapshot") == 1, Cancellation);
        await TellAsync(AdmissionEntity.Pause, new AdmissionPause("ops", "firmware", world.Clock.GetUtcNow()));
        await engine.PumpAsync(async () => (await StateAsync()).Waiting.Count == 2, Cancellation);
        if (awayOnce) world.Faults.Add(new FaultSpecification { System = "solidfire", Method = "ModifySnapshot", Action = FaultAction.Fail, ErrorName = "xPermissionDenied" });

        var step = (await client.GetInstanceAsync(id, getInputsAndOutputs: true, Cancellation))!.ReadCustomStatusAs<SnapshotGroupStatus>()!.Step;

        // By hours, for a service that is down for longer than a fuse burns is another matter.
        for (var hour = 0; hour < 5 * 24; hour += 6)
        {
            world.Clock.Advance(TimeSpan.FromHours(6));
            await engine.PumpUntilIdleAsync(Cancellation);
            var shown = (await client.GetInstanceAsync(id, getInputsAndOutputs: true, Cancellation))!.ReadCustomStatusAs<SnapshotGroupStatus>()!;
            Assert.Equal(step, shown.Step);
        }

        var fuses = world.Array.Call("ListSnapshots")["snapshots"]!.AsArray().Select(one => DateTimeOffset.Parse((string)one!["expirationTime"]!, System.Globalization.CultureInfo.InvariantCulture) - world.Clock.GetUtcNow()).ToList();
        Assert.Equal(2, fuses.Count);
        Assert.All(fuses, fuse => Assert.InRange(fuse, TimeSpan.FromHours(24), TimeSpan.FromHours(48)));
        await TellAsync(AdmissionEntity.Resume, null);
        Assert.Empty(await GroupChecker.FaultsAsync(world, life, await engine.PumpAsync(id, Cancellation), mustSucceed: true, Cancellation));
        Assert.True(world.Faults.AllFired());

        async Task TellAsync(string operation, object? input)
        {
            var sent = client.Entities.SignalEntityAsync(AdmissionEntity.Id, operation, input, null, Cancellation);
            await engine.PumpAsync(() => sent.IsCompleted, Cancellation);
            await sent;
        }

        async Task<AdmissionState> StateAsync() => (await client.Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, Cancellation))?.State ?? new AdmissionState();
    }

    /// <summary>Each clone counts in the account until it is purged: room for one is no room for the group.</summary>
    [Fact]
    public async Task A_group_whose_clones_find_no_room_is_refused_before_anything_is_taken()
    {
        using var world = SnapshotGroupFaults.World(volumesPerAccount: 3);
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await SnapshotGroupFaults.RunAsync(life);
        Assert.Equal("array.account-full", StepFault.From(ended.FailureDetails!).Code);
        Assert.Equal(0, world.Faults.CallsOf("solidfire", "CreateGroupSnapshot"));
        Assert.Empty(await GroupChecker.FaultsAsync(world, life, ended, mustSucceed: false, Cancellation));

        // Of one volume at a time there is room.
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(await life.PostAsync(Cancellation, "one"), Cancellation)).RuntimeStatus);
    }

    /// <summary>One place on each system is enough for a group of any size: its members take it one after the other.</summary>
    [Fact]
    public async Task A_group_that_is_larger_than_every_limit_ends()
    {
        using var world = SnapshotGroupFaults.World();
        await using var life = new Life(world, CrashSwitch.Never);
        var engine = life.Get<DurableEngine>();
        var sent = life.Get<DurableTaskClient>().Entities.SignalEntityAsync(
            AdmissionEntity.Id, AdmissionEntity.Configure, new AdmissionLimits { ArrayClones = 1, HostCopies = 1, StoreWriters = 1, AccountJobs = 1 }, null, Cancellation);
        await engine.PumpAsync(() => sent.IsCompleted, Cancellation);
        Assert.Empty(await GroupChecker.FaultsAsync(world, life, await SnapshotGroupFaults.RunAsync(life), mustSucceed: true, Cancellation));
    }
}
