using System.Text.Json;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Groups, restores and policies' runs tell their own end: once, signed, the same at every try. And what becomes of a group whose manifest is refused, or that stays on the array.</summary>
public sealed class EndReports
{
    private const string Callback = "http://callback.test/done/1";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_group_is_told_behind_its_members()
    {
        using var world = SnapshotGroupFaults.World();
        var receiver = new CallbackReceiver { Refusals = 2 };
        world.Network.Add("callback.test:80", receiver);
        await using var life = new Life(world, CrashSwitch.Never);
        var group = await PostGroupAsync(world, life, $$"""{"callbackUrl":"{{Callback}}"}""");
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(group, Cancellation)).RuntimeStatus);
        var told = await ToldAsync(life, receiver, new RequestKey(group));
        Assert.Equal((WorkReport.GroupEnded, "BackedUp", 2), (told.GetProperty("event").GetString(), told.GetProperty("state").GetString(), told.GetProperty("members").GetArrayLength()));
        foreach (var member in told.GetProperty("members").EnumerateArray().Select(one => new RequestKey(Guid.Parse(one.GetProperty("snapshotId").GetString()!).ToString("N"))))
            Assert.Equal("snapshot.ended", (await ToldAsync(life, receiver, member)).GetProperty("event").GetString());
    }

    [Fact]
    public async Task A_restore_is_told_done_or_failed()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        var receiver = new CallbackReceiver();
        world.Network.Add("callback.test:80", receiver);
        await using var life = new Life(world, CrashSwitch.Never);
        var done = await life.PostRestoreAsync(taken.Key, $$"""{"name":"back","callbackUrl":"{{Callback}}"}""", Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(done, Cancellation)).RuntimeStatus);
        var told = await ToldAsync(life, receiver, new RequestKey(done));
        Assert.Equal((WorkReport.RestoreEnded, "Restored", taken.Key.Uuid), (told.GetProperty("event").GetString(), told.GetProperty("state").GetString(), told.GetProperty("snapshotId").GetString()));
        // By the array's ids: an operator reads them of the restore.
        Assert.False(told.TryGetProperty("volume", out _));

        var failed = await life.PostRestoreAsync(taken.Key, $$"""{"accountId":99999,"callbackUrl":"{{Callback}}"}""", Cancellation, "another");
        await life.Get<DurableEngine>().PumpAsync(failed, Cancellation);
        told = await ToldAsync(life, receiver, new RequestKey(failed));
        Assert.Equal(("Error", "restore.account-unknown"), (told.GetProperty("state").GetString(), told.GetProperty("failure").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_policys_run_is_told_with_what_failed()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var receiver = new CallbackReceiver();
        world.Network.Add("callback.test:80", receiver);
        await using var life = new Life(world, CrashSwitch.Never);
        var gone = Guid.NewGuid().ToString();
        var policy = new SnapshotPolicy { Name = "nightly", Schedule = "0 0 * * *", Volumes = new PolicyVolumes { Ids = [world.Volume.CloudStackId, gone] }, Keep = new RetentionRule { Last = 1 }, CallbackUrl = Callback };
        life.Get<PolicyLedger>().Put(policy, "test");
        var occurrence = new PolicyOccurrence(policy, world.Clock.GetUtcNow(), 0);
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync("RunPolicy", occurrence, new StartOrchestrationOptions(occurrence.Instance.Value), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
        await life.Get<DurableEngine>().PumpAsync(await start, Cancellation);
        var told = await ToldAsync(life, receiver, occurrence.Instance);
        Assert.Equal((WorkReport.PolicyRunEnded, "Failed", 1, 1), (told.GetProperty("event").GetString(), told.GetProperty("state").GetString(), told.GetProperty("taken").GetInt32(), told.GetProperty("failed").GetInt32()));
        Assert.Equal(gone, told.GetProperty("failures")[0].GetProperty("volumeId").GetString());
    }

    [Fact]
    public async Task An_address_that_is_not_listed_is_refused_by_every_route()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        const string body = """{"callbackUrl":"http://elsewhere.test/x"}""";
        var group = await life.SendAsync("/api/vms/x/snapshots", body, (request, client) => life.Get<GroupTriggers>().CreateAsync(request, world.Volume.CloudStackVmId, client, Cancellation), Cancellation);
        var restore = await life.SendAsync("/api/snapshots/x/restore", body, (request, client) => life.Get<RestoreTriggers>().CreateAsync(request, taken.Key.Uuid, client, Cancellation), Cancellation);
        Assert.All([group, restore], answer => Assert.True(answer.Status == 400 && answer.Answer.Contains("callback.not-allowed", StringComparison.Ordinal), $"{answer.Status} {answer.Answer}"));
    }

    /// <summary>The members' copies stand; the group's manifest comes as soon as the store takes it, and meanwhile nothing of the group is held on the array.</summary>
    [Fact]
    public async Task A_store_that_refuses_a_groups_manifest_is_waited_for()
    {
        using var world = SnapshotGroupFaults.World();
        var plan = new FailingSteps(0, step => step == StepNames.PublishGroup);
        await using var life = new Life(world, CrashSwitch.Never, plan.Register);
        var ended = await SnapshotGroupFaults.RunAsync(life);
        Assert.Equal(StepNames.PublishGroup, plan.FailedAt);
        Assert.Empty(await GroupChecker.FaultsAsync(world, life, ended, mustSucceed: true, Cancellation));
    }

    [Fact]
    public async Task A_group_that_stays_on_the_array_is_listed_told_what_it_occupies_and_deleted_member_by_member()
    {
        using var world = SnapshotGroupFaults.World();
        // The array counts blocks now and then.
        world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddHours(2));
        await using var life = new Life(world, CrashSwitch.Never);
        var group = await PostGroupAsync(world, life, """{"locationType":"primary"}""");
        var ended = await life.Get<DurableEngine>().PumpAsync(group, Cancellation);
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, ended.FailureDetails?.ToString());
        var status = ended.ReadCustomStatusAs<SnapshotGroupStatus>()!;
        Assert.Equal((SnapshotState.CreatedOnPrimary, null, true), (status.State, status.Manifest, status.Ended));
        Assert.Empty(Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories));
        var snapshots = world.Array.Call("ListSnapshots")["snapshots"]!.AsArray();
        Assert.Equal(2, snapshots.Count);
        Assert.All(snapshots, one => Assert.Null(one!["expirationTime"]?.GetValue<string?>()));
        var usage = life.Get<UsageLedger>().List(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, null, null, "", 10);
        Assert.Equal(2, usage.Count);
        Assert.All(usage, one => Assert.True(one is { PrimaryVirtualBytes: > 0, PrimaryPhysicalBytes: > 0, SecondaryVirtualBytes: 0 }, one.ToString()));

        foreach (var member in status.Members.Items)
        {
            var key = new RequestKey(Guid.Parse(member.SnapshotId).ToString("N"));
            Assert.Equal(SnapshotState.CreatedOnPrimary, life.Get<SnapshotIndex>().Find(key)!.Status.State);
            var instance = DeleteSnapshotInput.InstanceOf(key).Value;
            var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync("DeleteSnapshot", new DeleteSnapshotInput(key, "test", "asked for"), new StartOrchestrationOptions(instance), Cancellation);
            await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
            Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(instance, Cancellation)).RuntimeStatus);
        }

        Assert.Empty(world.Array.Call("ListSnapshots")["snapshots"]!.AsArray());
    }

    private static Task<string> PostGroupAsync(CrashWorld world, Life life, string body) => life.PostAsync(
        $"/api/vms/{world.Volume.CloudStackVmId}/snapshots", body, (request, client) => life.Get<GroupTriggers>().CreateAsync(request, world.Volume.CloudStackVmId, client, Cancellation), Cancellation);

    /// <summary>Waits for the report of what has ended, and holds every try of it to what it owes.</summary>
    private static async Task<JsonElement> ToldAsync(Life life, CallbackReceiver receiver, RequestKey ended)
    {
        var report = await life.Get<DurableEngine>().PumpAsync(new ReportSnapshotInput(ended, "", null).Instance.Value, Cancellation);
        Assert.True(report.ReadOutputAs<ReportedSnapshot>()!.Delivered);
        var tries = receiver.Seen.Where(one => one.EventId == ended.Uuid).ToList();
        Assert.NotEmpty(tries);
        Assert.Single(tries.Select(one => one.Body).Distinct());
        Assert.All(tries, one => Assert.Equal(CallbackReceiver.Sign(one.Body), one.Signature));
        return JsonDocument.Parse(tries[0].Body).RootElement;
    }
}
