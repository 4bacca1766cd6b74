using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A policy names CloudStack's volume, an operator the array's: it is one volume, and two clones of it would bear the same uuids on one host.</summary>
public sealed class TwoNames
{
    [Fact]
    public async Task A_volume_that_is_asked_for_by_either_name_is_cloned_once_at_a_time()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var (wire, clones, most) = (new LateWire(), 0, 0);
        wire.Holds = method =>
        {
            if (method == "CloneVolume") most = Math.Max(most, ++clones);
            if (method == "DeleteVolume") clones--;
            return Task.FromResult(false);
        };
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var source = new ArrayVolume((string)world.Array.Call("GetClusterInfo")["clusterInfo"]!["uuid"]!, world.Volume.VolumeId);
        var key = new RequestKey(new string('e', 32));
        var policy = await life.PostAsync(cancellation);
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(
            nameof(SnapshotVolume), new SnapshotVolumeInput { Key = key, VolumeId = SnapshotVolumeInput.VolumeIdOf(source), ArraySource = source, Caller = "operator" }, new StartOrchestrationOptions(key.Value), cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, cancellation);
        var person = await start;
        foreach (var id in (string[])[policy, person]) Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(id, cancellation)).RuntimeStatus);
        Assert.Equal(2, world.Faults.CallsOf("solidfire", "CloneVolume"));
        Assert.Equal(1, most);
    }

    /// <summary>As for one volume: nothing else takes, or puts back, a snapshot of a volume that a group is at work on, by whichever name it is asked for.</summary>
    [Fact]
    public async Task A_group_holds_its_volumes_by_both_names()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var world = SnapshotGroupFaults.World();
        var (wire, calls) = (new LateWire(), new List<string>());
        wire.Holds = method =>
        {
            calls.Add(method);
            return Task.FromResult(false);
        };
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var (engine, client) = (life.Get<DurableEngine>(), life.Get<DurableTaskClient>());
        var source = new ArrayVolume((string)world.Array.Call("GetClusterInfo")["clusterInfo"]!["uuid"]!, world.Second!.VolumeId);
        var group = await life.PostGroupAsync(cancellation);
        await engine.PumpAsync(() => calls.Contains("CreateGroupSnapshot"), cancellation);
        var key = new RequestKey(new string('e', 32));
        var start = client.ScheduleNewOrchestrationInstanceAsync(
            nameof(SnapshotVolume), new SnapshotVolumeInput { Key = key, VolumeId = SnapshotVolumeInput.VolumeIdOf(source), ArraySource = source, PrimaryOnly = true, Caller = "operator" }, new StartOrchestrationOptions(key.Value), cancellation);
        await engine.PumpAsync(() => start.IsCompleted, cancellation);
        foreach (var id in (string[])[group, await start]) Assert.Equal(OrchestrationRuntimeStatus.Completed, (await engine.PumpAsync(id, cancellation)).RuntimeStatus);
        Assert.True(calls.IndexOf("CreateSnapshot") > calls.LastIndexOf("DeleteGroupSnapshot"), string.Join(' ', calls.Where(call => call.EndsWith("Snapshot", StringComparison.Ordinal))));
    }
}
