using System.Globalization;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>What a group keeps on the array is there at its end, or is not said to be; of a member that came to nothing nothing stays.</summary>
public sealed class KeptGroups
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_fuses_outlast_the_copies_and_come_off_at_the_end()
    {
        using var world = SnapshotGroupFaults.World();
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await PostAsync(world, life, Kept);
        await life.Get<DurableEngine>().PumpAsync(() => world.Faults.CallsOf("solidfire", "CloneVolume") == 2, Cancellation);
        var taken = Snapshots(world);
        Assert.Equal(2, taken.Count);
        Assert.All(taken, one => Assert.Equal(14 * 24, (Time(one, "expirationTime") - Time(one, "createTime")).TotalHours, 0.1));
        var members = Ended(await life.Get<DurableEngine>().PumpAsync(id, Cancellation), OrchestrationRuntimeStatus.Completed);
        Assert.Equal(2, Snapshots(world).Count);
        Assert.All(Snapshots(world), one => Assert.Null(one["expirationTime"]));
        Assert.All(members, member => Assert.NotNull(Row(life, member).Primary));
    }

    /// <summary>As where somebody deleted one of the two by hand.</summary>
    [Theory]
    [InlineData(Kept)]
    [InlineData(OnPrimary)]
    public async Task A_members_snapshot_that_is_gone_at_the_end_is_told_and_the_others_stay(string body)
    {
        using var world = SnapshotGroupFaults.World();
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await PostAsync(world, life, body);
        await life.Get<DurableEngine>().PumpAsync(() => Rows(life).Count(row => row.Status.Ended) == 2, Cancellation);
        var gone = Snapshots(world)[0];
        world.Array.Call("DeleteSnapshot", new JsonObject { ["snapshotID"] = (long)gone["snapshotID"]! });
        var members = Ended(await life.Get<DurableEngine>().PumpAsync(id, Cancellation), body == Kept ? OrchestrationRuntimeStatus.Completed : OrchestrationRuntimeStatus.Failed);

        Assert.Null(Assert.Single(Snapshots(world))["expirationTime"]);
        var lost = members.Single(member => member.VolumeId == ((long)gone["volumeID"]! == world.Volume.VolumeId ? world.Volume : world.Second!).CloudStackId);
        Assert.Contains(life.Get<AuditTrail>().List(new RequestKey(lost.SnapshotId.Replace("-", "", StringComparison.Ordinal)).Uuid, 0, 20), line => line is { What: "snapshot.keep", Outcome: "failed" });

        // One on the array alone is nowhere then, and is not said to be there: neither by its row, nor by the group.
        var row = Row(life, lost);
        Assert.Equal((body == Kept ? SnapshotState.BackedUp : SnapshotState.Error, null), (row.Status.State, row.Primary));
        Assert.Equal((row.Status.State, body == Kept ? null : "snapshot.not-kept"), (lost.State, lost.Failure?.Code));
        var view = life.Get<SnapshotReader>().FindAsync(row.Key, life.Get<DurableTaskClient>(), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => view.IsCompleted, Cancellation);
        Assert.Equal(row.Status.State, (await view)!.State);
        Assert.NotNull(Row(life, members.Single(member => member != lost)).Primary);
    }

    [Fact]
    public async Task Of_a_member_that_came_to_nothing_the_snapshot_goes_at_once_and_the_others_stay()
    {
        using var world = SnapshotGroupFaults.World();
        world.Faults.Add(new FaultSpecification { System = "xenserver", Method = "VDI.copy", Action = FaultAction.ZeroExtent, Offset = 0, Length = 64 << 10 });
        await using var life = new Life(world, CrashSwitch.Never);
        var members = Ended(await life.Get<DurableEngine>().PumpAsync(await PostAsync(world, life, Kept), Cancellation), OrchestrationRuntimeStatus.Failed);
        Assert.True(world.Faults.AllFired());
        var left = Assert.Single(Snapshots(world));
        Assert.Null(left["expirationTime"]);
        var good = members.Single(member => member.Failure is null);
        Assert.Equal((good.VolumeId == world.Volume.CloudStackId ? world.Volume : world.Second!).VolumeId, (long)left["volumeID"]!);
        Assert.NotNull(Row(life, good).Primary);
        Assert.Null(Row(life, members.Single(member => member.Failure is not null)).Primary);
    }

    /// <summary>Where a death falls into the end of a kept group, the next life comes to the same.</summary>
    [Fact]
    public async Task A_death_while_the_fuses_come_off_changes_nothing()
    {
        var counter = CrashSwitch.Never;
        using (var world = SnapshotGroupFaults.World())
        {
            await using var life = new Life(world, counter);
            await life.Get<DurableEngine>().PumpAsync(await PostAsync(world, life, Kept), Cancellation);
        }

        var points = Enumerable.Range(0, counter.Names.Count).Where(point => counter.Names[point].EndsWith("ModifySnapshot", StringComparison.Ordinal)).ToList();
        Assert.True(points.Count >= 8, $"{points.Count} points: a fuse of each member is lengthened and taken off, each with a before and an after");
        foreach (var point in points[^4..])
        {
            using var world = SnapshotGroupFaults.World();
            var crash = new CrashSwitch(point);
            try
            {
                await using var first = new Life(world, crash);
                await first.Get<DurableEngine>().PumpAsync(await PostAsync(world, first, Kept), Cancellation);
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned.
            }

            Assert.NotNull(crash.DiedAt);
            await using var second = new Life(world, CrashSwitch.Never);
            var members = Ended(await second.Get<DurableEngine>().PumpAsync(await PostAsync(world, second, Kept), Cancellation), OrchestrationRuntimeStatus.Completed);
            Assert.Equal(2, Snapshots(world).Count);
            Assert.All(Snapshots(world), one => Assert.Null(one["expirationTime"]));
            Assert.All(members, member => Assert.NotNull(Row(second, member).Primary));
        }
    }

    private const string Kept = """{"keepOnPrimary":true}""";
    private const string OnPrimary = """{"locationType":"primary"}""";

    private static Task<string> PostAsync(CrashWorld world, Life life, string body) => life.PostAsync(
        $"/api/vms/{world.Volume.CloudStackVmId}/snapshots", body, (request, client) => life.Get<GroupTriggers>().CreateAsync(request, world.Volume.CloudStackVmId, client, Cancellation), Cancellation);

    private static IReadOnlyList<GroupMember> Ended(OrchestrationMetadata group, OrchestrationRuntimeStatus status)
    {
        Assert.True(group.RuntimeStatus == status, group.FailureDetails?.ToString());
        return group.ReadCustomStatusAs<SnapshotGroupStatus>()!.Members.Items;
    }

    private static SnapshotRow Row(Life life, GroupMember member) => life.Get<SnapshotIndex>().Find(RequestKey.TryParse(member.SnapshotId, out var key) ? key : default)!;

    private static IReadOnlyList<SnapshotRow> Rows(Life life) => life.Get<SnapshotIndex>().List(new SnapshotQuery()).Rows;

    private static DateTimeOffset Time(JsonObject snapshot, string name) => DateTimeOffset.Parse((string)snapshot[name]!, CultureInfo.InvariantCulture);

    private static List<JsonObject> Snapshots(CrashWorld world) => [.. world.Array.Call("ListSnapshots")["snapshots"]!.AsArray().Select(one => one!.AsObject())];
}
