using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>CloudStack takes a snapshot, tells of it, or forgets to; the copy comes once.</summary>
public sealed class CloudEvents
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_signed_event_is_stored_copied_once_and_told_on_the_snapshot_however_often_it_comes()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<PolicyLedger>().Put(Following(world), "test");
        var snapshot = Snapshot(world);
        var body = Event(snapshot, "SNAPSHOT.CREATE", "Completed");
        for (var i = 0; i < 3; i++) Assert.Equal(200, await PostAsync(life, body, "event-1"));
        await EndAsync(life, new CloudEvent("event-1", "SNAPSHOT.CREATE", snapshot).Instance);
        var follow = Follow(world, life, snapshot);
        var ended = await EndAsync(life, follow.Instance);
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, ended.FailureDetails?.ToString());
        Assert.Equal(SnapshotState.BackedUp, life.Get<SnapshotIndex>().Find(follow.Copy)!.Status.State);

        // Another event of the same snapshot, and the reconciliation, find what there is.
        Assert.Equal(200, await PostAsync(life, body, "event-2"));
        await EndAsync(life, new CloudEvent("event-2", "SNAPSHOT.CREATE", snapshot).Instance);
        var reconciled = (await RunAsync(life, nameof(Reconcile), new ReconcileInput("test"), "r1")).ReadOutputAs<ReconcileResult>()!;
        Assert.Equal((1, 0, 1), (reconciled.ArrayOnly, reconciled.Follows.Started, reconciled.Follows.Known));
        Assert.Single(life.Get<SnapshotIndex>().CopiesOf("follow"));

        var find = life.Get<CloudStackClient>().ListSnapshotsAsync(new SnapshotFilter { Id = snapshot }, Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => find.IsCompleted, Cancellation);
        var tags = (await find).Single().Tags;
        Assert.Contains(tags, tag => tag is { Key: "swf-state", Value: "BackedUp" });
        Assert.Contains(tags, tag => tag.Key == "swf-copy" && tag.Value == follow.Copy.Uuid);
    }

    [Fact]
    public async Task An_event_of_a_snapshot_that_is_gone_ends_well_and_does_nothing()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<PolicyLedger>().Put(Following(world), "test");
        var gone = Guid.NewGuid().ToString();
        Assert.Equal(200, await PostAsync(life, Event(gone, "SNAPSHOT.CREATE", "Completed"), "event-1"));
        var ended = await EndAsync(life, new CloudEvent("event-1", "SNAPSHOT.CREATE", gone).Instance);
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, ended.FailureDetails?.ToString());
        Assert.NotNull(ended.ReadOutputAs<HandledEvent>()!.Why);
    }

    [Fact]
    public async Task What_the_webhook_lost_is_made_up_once_and_what_nobody_follows_is_left()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var snapshot = Snapshot(world);
        var none = (await RunAsync(life, nameof(Reconcile), new ReconcileInput("test"), "r0")).ReadOutputAs<ReconcileResult>()!;
        Assert.Equal(0, none.ArrayOnly);
        life.Get<PolicyLedger>().Put(Following(world), "test");
        var first = (await RunAsync(life, nameof(Reconcile), new ReconcileInput("test"), "r1")).ReadOutputAs<ReconcileResult>()!;
        Assert.Equal(1, first.Follows.Started);
        var ended = await EndAsync(life, Follow(world, life, snapshot).Instance);
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, ended.FailureDetails?.ToString());
        var second = (await RunAsync(life, nameof(Reconcile), new ReconcileInput("test"), "r2")).ReadOutputAs<ReconcileResult>()!;
        Assert.Equal((0, 1), (second.Follows.Started, second.Follows.Known));
    }

    /// <summary>A store that is full for a morning must not cost all three attempts within the half hour.</summary>
    [Fact]
    public async Task A_copy_that_failed_is_tried_again_an_hour_later_and_not_before()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var snapshot = Snapshot(world);
        life.Get<PolicyLedger>().Put(Following(world), "test");
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = "CloneVolume", Action = FaultAction.Fail, ErrorName = "xPermissionDenied", Times = 2 });
        Assert.Equal((1, 0), await ReconcileAsync("r1"));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await EndAsync(life, Follow(world, life, snapshot).Instance)).RuntimeStatus);
        Assert.Equal((0, 1), await ReconcileAsync("r2"));
        world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddMinutes(61));
        Assert.Equal((1, 0), await ReconcileAsync("r3"));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await EndAsync(life, (Follow(world, life, snapshot) with { Attempt = 2 }).Instance)).RuntimeStatus);
        world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddMinutes(61));
        Assert.Equal((0, 1), await ReconcileAsync("r4"));
        world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddHours(11));
        Assert.Equal((1, 0), await ReconcileAsync("r5"));
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await EndAsync(life, (Follow(world, life, snapshot) with { Attempt = 3 }).Instance)).RuntimeStatus);

        async Task<(int Started, int Known)> ReconcileAsync(string name)
        {
            var follows = (await RunAsync(life, nameof(Reconcile), new ReconcileInput("test"), name)).ReadOutputAs<ReconcileResult>()!.Follows;
            return (follows.Started, follows.Known);
        }
    }

    [Fact]
    public async Task Nonsense_is_refused_by_name_and_nothing_is_stored()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var body = Event(Snapshot(world), "SNAPSHOT.CREATE", "Completed");
        Assert.Equal(401, await PostAsync(life, body, "e", signature: "AAAA"));
        Assert.Equal(401, await PostAsync(life, body, "e", signature: ""));
        Assert.Equal(401, await PostAsync(life, body, "e", signature: Sign(Encoding.UTF8.GetBytes("other"))));
        Assert.Equal(400, await PostAsync(life, body, ""));
        Assert.Equal(400, await PostAsync(life, body, new string('x', 500)));
        Assert.Equal(400, await PostAsync(life, "[]", "e"));
        Assert.Equal(400, await PostAsync(life, "not json", "e"));
        Assert.Equal(413, await PostAsync(life, new string(' ', 100_000), "e"));

        // Not what we act on: 200, so that CloudStack does not send it again.
        Assert.Equal(200, await PostAsync(life, Event("no-uuid", "SNAPSHOT.CREATE", "Completed"), "e"));
        Assert.Equal(200, await PostAsync(life, Event(Guid.NewGuid().ToString(), "VM.START", "Completed"), "e"));
        Assert.Equal(200, await PostAsync(life, Event(Guid.NewGuid().ToString(), "SNAPSHOT.CREATE", "Started"), "e"));
        Assert.Empty(life.Get<EventLedger>().Waiting(10));
        Assert.True(life.Get<EventLedger>().Accept(new CloudEvent("e", "SNAPSHOT.CREATE", "x")));
    }

    [Fact]
    public async Task A_death_at_any_point_of_taking_an_event_loses_none_that_was_answered()
    {
        for (var point = 0; ; point++)
        {
            using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
            var snapshot = Snapshot(world);
            var body = Event(snapshot, "SNAPSHOT.CREATE", "Completed");
            var crash = new CrashSwitch(point);
            var answered = false;
            try
            {
                await using var first = new Life(world, crash);
                answered = await PostAsync(first, body, "event-1") == 200;
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // CloudStack got no answer and sends again, or not.
            }

            await using var second = new Life(world, CrashSwitch.Never);
            if (!answered) Assert.Equal(200, await PostAsync(second, body, "event-1"));
            var tick = second.Get<CloudEventTriggers>().CatchUpAsync(new TimerInfo(), second.Get<DurableTaskClient>(), Cancellation);
            await second.Get<DurableEngine>().PumpAsync(() => tick.IsCompleted, Cancellation);
            await tick;
            Assert.Equal(OrchestrationRuntimeStatus.Completed, (await EndAsync(second, new CloudEvent("event-1", "SNAPSHOT.CREATE", snapshot).Instance)).RuntimeStatus);
            Assert.Empty(second.Get<EventLedger>().Waiting(10));
            if (crash.DiedAt is not null) continue;
            Assert.True(point >= 4, $"only {point} crash points");
            return;
        }
    }

    /// <summary>A hub that does not answer: 200 within its patience, for the event is stored. A catalog that cannot store it: no 200, so that CloudStack sends it again.</summary>
    [Fact]
    public async Task A_hub_or_a_catalog_that_fails_while_an_event_is_taken_loses_and_doubles_none()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var snapshot = Snapshot(world);
        var body = Event(snapshot, "SNAPSHOT.CREATE", "Completed");
        await using (var broken = new Life(world, CrashSwitch.Never))
        {
            broken.Get<CatalogDatabase>().Dispose();
            await Assert.ThrowsAnyAsync<Exception>(() => PostAsync(broken, body, "event-1"));
        }

        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<PolicyLedger>().Put(Following(world), "test");
        Assert.Empty(life.Get<EventLedger>().Waiting(10));
        var context = Request(life, body, "event-1", signature: null);
        // Nobody turns the engine: the hub is there and does not answer.
        var post = life.Get<CloudEventTriggers>().TakeAsync(context.Request, life.Get<DurableTaskClient>(), Cancellation);
        for (var waited = 0; !post.IsCompleted && waited < 100; waited++) world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddMilliseconds(100));
        await (await post).ExecuteResultAsync(new ActionContext { HttpContext = context });
        Assert.Equal(200, context.Response.StatusCode);

        var tick = life.Get<CloudEventTriggers>().CatchUpAsync(new TimerInfo(), life.Get<DurableTaskClient>(), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => tick.IsCompleted, Cancellation);
        await tick;
        Assert.Equal(200, await PostAsync(life, body, "event-1"));
        await EndAsync(life, new CloudEvent("event-1", "SNAPSHOT.CREATE", snapshot).Instance);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await EndAsync(life, Follow(world, life, snapshot).Instance)).RuntimeStatus);
        Assert.Single(life.Get<SnapshotIndex>().CopiesOf("follow"));
        Assert.Equal(1, world.Faults.CallsOf("solidfire", "CloneVolume"));
        Assert.Empty(life.Get<EventLedger>().Waiting(10));
    }

    [Fact]
    public async Task The_callback_comes_signed_and_the_same_after_failures()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var receiver = new CallbackReceiver { Refusals = 3 };
        world.Network.Add("callback.test:80", receiver);
        await using var life = new Life(world, CrashSwitch.Never) { CallbackUrl = "http://callback.test/done/1" };
        var snapshot = await life.RunAsync(Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, snapshot.RuntimeStatus);
        var report = new ReportSnapshotInput(new RequestKey(snapshot.InstanceId), "", null);
        var ended = await EndAsync(life, report.Instance);
        Assert.True(ended.ReadOutputAs<ReportedSnapshot>()!.Delivered);
        Assert.Equal(4, receiver.Seen.Count);
        Assert.Single(receiver.Seen.Select(one => one.Body).Distinct());
        Assert.All(receiver.Seen, one => Assert.Equal(CallbackReceiver.Sign(one.Body), one.Signature));
        Assert.Contains("\"state\":\"BackedUp\"", receiver.Seen[0].Body, StringComparison.Ordinal);
        Assert.DoesNotContain(CrashWorld.CallbackSecret, ended.SerializedInput + ended.SerializedOutput, StringComparison.Ordinal);
    }

    internal static string Sign(byte[] body) => Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(CrashWorld.WebhookSecret), body));

    private static string Event(string snapshot, string type, string status) =>
        $$"""{"eventDateTime":"2026-01-01 00:00:00 +0000","status":"{{status}}","description":"x","event":"{{type}}","entity":"com.cloud.storage.Snapshot","entityuuid":"{{snapshot}}","account":"a","user":"u","Snapshot":"{{snapshot}}"}""";

    private static string Snapshot(CrashWorld world)
    {
        var id = Guid.NewGuid().ToString();
        world.Cloud.Add(new Simulators.CloudStack.CloudSnapshot(id, "cs-1", world.Volume.CloudStackId, "tenant", world.Cloud.ZoneId, "BackedUp", "PRIMARY", "MANUAL", "MANUAL", world.Clock.GetUtcNow()));
        world.Array.Call("CreateSnapshot", new JsonObject { ["volumeID"] = world.Volume.VolumeId, ["name"] = $"data-1-{id}", ["attributes"] = new JsonObject { ["CloudStackSnapshotId"] = "5" } });
        return id;
    }

    internal static SnapshotPolicy Following(CrashWorld world) => new()
    {
        Name = "follow", Schedule = "", Volumes = new PolicyVolumes { Ids = [world.Volume.CloudStackId] }, Keep = new RetentionRule { Last = 3 }, FollowCloudStack = true,
    };

    internal static FollowSnapshotInput Follow(CrashWorld world, Life life, string snapshot) =>
        new(new CloudSnapshot(snapshot, world.Volume.CloudStackId, "", null), life.Get<PolicyLedger>().Find("follow")!.Policy, 1, "");

    private static async Task<int> PostAsync(Life life, string body, string eventId, string? signature = null)
    {
        var context = Request(life, body, eventId, signature);
        var post = life.Get<CloudEventTriggers>().TakeAsync(context.Request, life.Get<DurableTaskClient>(), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => post.IsCompleted, Cancellation);
        await (await post).ExecuteResultAsync(new ActionContext { HttpContext = context });
        return context.Response.StatusCode;
    }

    private static DefaultHttpContext Request(Life life, string body, string eventId, string? signature)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var context = new DefaultHttpContext { RequestServices = life.Get<IServiceProvider>() };
        context.Request.Method = "POST";
        context.Request.Path = "/api/cloudstack/events";
        context.Request.Headers["X-CS-Event-ID"] = eventId;
        context.Request.Headers["X-CS-Signature"] = signature ?? Sign(bytes);
        context.Request.Body = new MemoryStream(bytes);
        return context;
    }

    private static async Task<OrchestrationMetadata> EndAsync(Life life, RequestKey instance) => await life.Get<DurableEngine>().PumpAsync(instance.Value, Cancellation);

    private static async Task<OrchestrationMetadata> RunAsync(Life life, string workflow, object input, string name)
    {
        var instance = NameUuid.From($"{workflow} {name}").ToString("N");
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(workflow, input, new StartOrchestrationOptions(instance), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
        await start;
        return await life.Get<DurableEngine>().PumpAsync(instance, Cancellation);
    }
}
