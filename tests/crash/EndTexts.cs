using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>What a person reads while something is tried again, while it is undone, and when it has ended, is so at that time.</summary>
public sealed class EndTexts
{
    private const string Again = "It is tried again by itself.";
    private const string Ended = "It is not tried any more: start it again.";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_waited_for_is_tried_again_and_what_has_ended_is_not()
    {
        using var world = new CrashWorld();
        world.Faults.Add(new FaultSpecification { System = "cloudstack", Method = "listVolumes", Action = FaultAction.DropRequest, Times = FaultSpecification.ForEver });
        var counter = CrashSwitch.Never;
        await using var life = new Life(world, counter);
        var id = await life.PostAsync(Cancellation);
        var waiting = (await UntilAsync(life, counter, id, status => status.Waiting is not null)).Waiting!;
        Assert.EndsWith(Again, waiting.Remedy, StringComparison.Ordinal);

        var failed = (await life.Get<DurableEngine>().PumpAsync(id, Cancellation)).ReadCustomStatusAs<SnapshotStatus>()!;
        Assert.Equal((true, waiting.Code), (failed.Ended, failed.Failure?.Code));
        Assert.EndsWith(Ended, failed.Failure!.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(Again, failed.Failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_cancelled_and_cannot_be_undone_yet_is_not_said_to_be_removed()
    {
        using var world = new CrashWorld();
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = "RemoveVolumesFromVolumeAccessGroup", Action = FaultAction.DropRequest, Times = 8 });
        var counter = CrashSwitch.Never;
        await using var life = new Life(world, counter);
        var id = await life.PostAsync(Cancellation);
        var engine = life.Get<DurableEngine>();
        await engine.PumpAsync(() => world.Faults.CallsOf("solidfire", "AddVolumesToVolumeAccessGroup") > 0, Cancellation);
        var raise = life.Get<DurableTaskClient>().RaiseEventAsync(id, "Cancel", "test", Cancellation);
        await engine.PumpAsync(() => raise.IsCompleted, Cancellation);
        await raise;

        var stuck = await UntilAsync(life, counter, id, status => status.Cleanup.Stuck is not null);
        Assert.Equal((SnapshotState.Error, "cancelled", false, false), (stuck.State, stuck.Failure?.Code, stuck.Cleanup.Done, stuck.Ended));
        Assert.EndsWith("is undone before it ends.", stuck.Failure!.Message, StringComparison.Ordinal);
        Assert.EndsWith(Again, stuck.Cleanup.Stuck!.Remedy, StringComparison.Ordinal);

        var ended = await engine.PumpAsync(id, Cancellation);
        Assert.True(world.Faults.AllFired());
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: false, Cancellation));
        var status = ended.ReadCustomStatusAs<SnapshotStatus>()!;
        Assert.Equal((true, true, stuck.Failure), (status.Ended, status.Cleanup.Done, status.Failure));
    }

    private static async Task<SnapshotStatus> UntilAsync(Life life, CrashSwitch counter, string id, Func<SnapshotStatus, bool> shows)
    {
        var engine = life.Get<DurableEngine>();
        while (true)
        {
            var seen = counter.Seen;
            var read = life.Get<DurableTaskClient>().GetInstanceAsync(id, getInputsAndOutputs: true, Cancellation);
            await engine.PumpAsync(() => read.IsCompleted, Cancellation);
            if ((await read)?.ReadCustomStatusAs<SnapshotStatus>() is { } status && shows(status)) return status;
            await engine.PumpAsync(() => counter.Seen > seen, Cancellation);
        }
    }
}
