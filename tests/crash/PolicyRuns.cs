using System.Text.Json;
using SnapshotWorkflows.Activities.CloudStackSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A policy lived through: the clock goes on by hand, the minute tick is called, and the store is looked at.</summary>
public sealed class PolicyRuns
{
    [Fact]
    public async Task Days_of_a_policy_leave_what_its_rule_keeps_each_with_its_data()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<PolicyLedger>().Put(Policy(world, new RetentionRule { Last = 1, Daily = 3 }), "test");
        for (var run = 0; run < 8; run++)
        {
            var occurrence = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
            var ended = await life.Get<DurableEngine>().PumpAsync(occurrence.Instance.Value, TestContext.Current.CancellationToken);
            Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
            var result = ended.ReadOutputAs<PolicyRunResult>()!;
            Assert.True(result is { Taken: 1, Failures.Count: 0 }, $"run {run}: {ended.SerializedOutput}");
            await ExpireAsync(life);
        }

        var left = life.Get<SnapshotIndex>().CopiesOf("nightly");
        Assert.Equal(3, left.Count);
        Assert.Equal(3, Directory.GetFiles(world.StorePath, "*.manifest.json", SearchOption.AllDirectories).Length);
        Assert.Equal(3, Directory.GetFiles(world.StorePath, "*.vhd", SearchOption.AllDirectories).Length);
        Assert.All(left, copy => Assert.True(File.Exists(Path.Combine(world.StorePath, copy.Status.Location!))));
    }

    [Fact]
    public async Task An_occurrence_runs_once_however_often_it_is_ticked_and_missed_ones_are_made_up_once()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var policies = life.Get<PolicyLedger>();
        policies.Put(Policy(world, new RetentionRule()), "test");
        var before = policies.Find("nightly")!;

        // Down for two and a half days: five occurrences, of which the last one runs.
        var occurrence = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(60));
        await life.Get<DurableEngine>().PumpAsync(occurrence.Instance.Value, TestContext.Current.CancellationToken);
        Assert.Single(life.Get<SnapshotIndex>().CopiesOf("nightly"));

        // A node that died before it noted the occurrence ticks it again.
        await TickAsync(life, before);
        await TickAsync(life, policies.Find("nightly")!);
        await life.Get<DurableEngine>().PumpAsync(occurrence.Instance.Value, TestContext.Current.CancellationToken);
        Assert.Single(life.Get<SnapshotIndex>().CopiesOf("nightly"));
    }

    /// <summary>The app must get through it between two of its deaths: hundreds of calls one after the other take longer than a life may last.</summary>
    [Fact]
    public async Task Of_hundreds_of_volumes_a_policy_asks_a_page_at_a_time_and_singly_only_for_those_on_no_page()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var ids = Enumerable.Range(0, 450).Select(_ => Guid.NewGuid().ToString()).ToList();
        foreach (var id in ids) world.Cloud.Add(new CloudVolume(id, "many", "tenant", world.Cloud.ZoneId, null, id, 1 << 30, "SolidFire", "DATADISK", world.Clock.GetUtcNow()));
        var gone = Guid.NewGuid().ToString();
        var before = world.Faults.CallsOf("cloudstack", "listVolumes");

        var (volumes, missing) = await new PolicySelection(life.Get<CloudStackClient>()).FindAsync(new PolicyVolumes { Ids = [.. ids, gone] }, TestContext.Current.CancellationToken);

        Assert.Equal(ids.Order(StringComparer.Ordinal), volumes.Select(volume => volume.Id).Order(StringComparer.Ordinal));
        Assert.Equal([gone], missing);
        Assert.InRange(world.Faults.CallsOf("cloudstack", "listVolumes") - before, 2, 5);
    }

    [Fact]
    public async Task Nothing_expires_while_a_copy_that_is_to_survive_is_not_whole_on_the_store()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<PolicyLedger>().Put(Policy(world, new RetentionRule { Last = 2 }), "test");
        for (var run = 0; run < 2; run++)
        {
            var earlier = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
            await life.Get<DurableEngine>().PumpAsync(earlier.Instance.Value, TestContext.Current.CancellationToken);
            await ExpireAsync(life);
        }

        var survivor = life.Get<SnapshotIndex>().CopiesOf("nightly").MaxBy(copy => copy.Status.TakenAt)!;
        File.Delete(Path.Combine(world.StorePath, survivor.Status.Location!));
        var occurrence = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
        var ended = await life.Get<DurableEngine>().PumpAsync(occurrence.Instance.Value, TestContext.Current.CancellationToken);
        Assert.Equal(1, ended.ReadOutputAs<PolicyRunResult>()!.Taken);
        var expiry = await ExpireAsync(life);
        Assert.Equal("retention.survivor-missing", Assert.Single(expiry.Left).Code);
        Assert.Equal(0, expiry.Expired);
        Assert.Contains(life.Get<AuditTrail>().List("nightly", 0, 100), row => row is { What: "policy.expire", Outcome: "failed" });
        Assert.Equal(3, Directory.GetFiles(world.StorePath, "*.manifest.json", SearchOption.AllDirectories).Length);
    }

    /// <summary>One hung session (its clone cannot be deleted) must stop neither the policy nor anybody else.</summary>
    [Fact]
    public async Task A_clean_up_that_cannot_end_holds_up_neither_the_next_occurrence_nor_other_volumes()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, TwoVolumes = true });
        await using var life = new Life(world, CrashSwitch.Never);
        var engine = life.Get<DurableEngine>();
        var cancellation = TestContext.Current.CancellationToken;
        life.Get<PolicyLedger>().Put(Policy(world, new RetentionRule()) with { Volumes = new PolicyVolumes { Ids = [world.Volume.CloudStackId, world.Second!.CloudStackId] } }, "test");
        var told = life.Get<DurableTaskClient>().Entities.SignalEntityAsync(AdmissionEntity.Id, AdmissionEntity.Configure, new AdmissionLimits { HostCopies = 1 }, null, cancellation);
        await engine.PumpAsync(() => told.IsCompleted, cancellation);
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = "DeleteVolume", Action = FaultAction.Fail, ErrorName = "xVolumeInUse", Times = 1_000_000 });

        // Both copies are made, although there is one copy at a time and the first job never ends.
        var first = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
        await engine.PumpAsync(() => Rows(life).Count(row => row.Status.State == SnapshotState.BackedUp) == 2, cancellation);
        await engine.PumpAsync(async () => (await HeldAsync(life)).TrueForAll(slot => AdmissionSlots.KindOf(slot) is "volume" or "array"), cancellation);
        // Each job's volume by both of its names, and its clone's place on the array.
        Assert.Equal(6, (await HeldAsync(life)).Count);

        // A person is told so, and can have it run all the same.
        Assert.Equal((409, "policy.running"), await RefusedAsync(life, "by-hand"));
        var byHand = await RunByHandAsync(life, "by-hand-2", """{"alongside":true}""");
        Assert.Equal(["policy.earlier-unfinished", "policy.earlier-unfinished"], (await engine.PumpAsync(byHand, cancellation)).ReadOutputAs<PolicyRunResult>()!.Failures.Select(failure => failure.Code));

        // The next occurrence comes all the same, and leaves the stuck volumes out by name.
        var second = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
        Assert.NotEqual(first.Instance, second.Instance);
        var ended = await engine.PumpAsync(second.Instance.Value, cancellation);
        var result = ended.ReadOutputAs<PolicyRunResult>()!;
        Assert.Equal(0, result.Taken);
        Assert.Equal(["policy.earlier-unfinished", "policy.earlier-unfinished"], result.Failures.Select(failure => failure.Code));
    }

    /// <summary>The question has a name, and only an answer that names it counts: one for another run lets nothing go.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_an_expiry_asks_is_shown_and_answered_by_its_name(bool approve)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var (engine, client, cancellation) = (life.Get<DurableEngine>(), life.Get<DurableTaskClient>(), TestContext.Current.CancellationToken);
        life.Get<PolicyLedger>().Put(Policy(world, new RetentionRule()), "test");
        for (var run = 0; run < 2; run++)
        {
            var occurrence = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
            await engine.PumpAsync(occurrence.Instance.Value, cancellation);
            await ExpireAsync(life);
        }

        // Nothing was taken for nine days: such a run asks.
        world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddDays(9));
        var keep = Policy(world, new RetentionRule { Last = 1 });
        life.Get<PolicyLedger>().Put(keep, "test");
        var instance = ExpireSnapshotsInput.InstanceOf("nightly").Value;
        var start = client.ScheduleNewOrchestrationInstanceAsync("ExpireSnapshots", new ExpireSnapshotsInput(keep), new StartOrchestrationOptions(instance), cancellation);
        await engine.PumpAsync(() => start.IsCompleted, cancellation);
        ExpiryQuestion? question = null;
        await engine.PumpAsync(async () => (question = await PolicyRunTriggers.QuestionAsync("nightly", client, cancellation)) is not null, cancellation);
        Assert.Equal((1, 2), (question!.Going, question.Eligible));

        Assert.Equal(409, await AnswerAsync("another", approve: true));
        Assert.Equal(202, await AnswerAsync(question.Id, approve));
        var result = (await engine.PumpAsync(instance, cancellation)).ReadOutputAs<ExpireSnapshotsResult>()!;
        Assert.Contains(life.Get<AuditTrail>().List("nightly", 0, 100), row => row is { What: "policy.expire", Outcome: "asks" } && row.Detail!.Contains(question.Id, StringComparison.Ordinal));
        Assert.Equal(approve ? 1 : 0, result.Expired);
        Assert.Equal(approve ? 1 : 2, life.Get<SnapshotIndex>().CopiesOf("nightly").Count);
        Assert.Equal(409, await AnswerAsync(question.Id, approve: true));

        async Task<int> AnswerAsync(string id, bool approve) => (await life.SendAsync(
            "/api/policies/nightly/expiry", $$"""{"question":"{{id}}","approve":{{(approve ? "true" : "false")}}}""",
            (request, asked) => life.Get<PolicyRunTriggers>().AnswerAsync(request, "nightly", asked, cancellation), cancellation)).Status;
    }

    /// <summary>Asked for at the very moment of an occurrence, and while a jitter of hours is set.</summary>
    [Fact]
    public async Task A_run_by_hand_runs_once_for_its_key_and_neither_is_nor_does_an_occurrence()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var (engine, cancellation) = (life.Get<DurableEngine>(), TestContext.Current.CancellationToken);
        var policies = life.Get<PolicyLedger>();
        policies.Put(Policy(world, new RetentionRule { Last = 1 }) with { JitterSeconds = 6 * 3600 }, "test");
        var due = new PolicyOccurrence(Policy(world, new RetentionRule()), new DateTimeOffset(world.Clock.GetUtcNow().UtcDateTime.Date.AddDays(1), TimeSpan.Zero), 0);
        world.Clock.AdvanceTo(due.At);
        var before = policies.Find("nightly")!;

        var run = await RunByHandAsync(life, "by-hand");
        Assert.Equal(run, await RunByHandAsync(life, "by-hand"));
        Assert.Equal((409, "idempotency-key.other-body"), await RefusedAsync(life, "by-hand", """{"alongside":true}"""));
        Assert.Equal((409, "policy.running"), await RefusedAsync(life, "another"));
        Assert.Equal("Running", (await ShownAsync(life, run)).GetProperty("state").GetString());
        Assert.Equal(1, (await engine.PumpAsync(run, cancellation)).ReadOutputAs<PolicyRunResult>()!.Taken);
        Assert.True(world.Clock.GetUtcNow() - due.At < TimeSpan.FromMinutes(30), "It waited.");
        Assert.Equal((before.DoneUntil, before.LastOccurrence), (policies.Find("nightly")!.DoneUntil, policies.Find("nightly")!.LastOccurrence));
        await ExpireAsync(life);
        var shown = await ShownAsync(life, run);
        Assert.Equal(("Done", 1, due.At), (shown.GetProperty("state").GetString(), shown.GetProperty("taken").GetInt32(), shown.GetProperty("at").GetDateTimeOffset()));
        Assert.Equal(run, await RunByHandAsync(life, "by-hand"));
        Assert.Equal(["begun", "done"], life.Get<AuditTrail>().List("nightly", 0, 100).Where(row => row is { What: "policy.run", Who: "anonymous" }).Select(row => row.Outcome));
        var asked = Assert.Single(life.Get<SnapshotIndex>().CopiesOf("nightly"));

        // The occurrence of that very moment comes, takes its own, and by the rule the older copy goes.
        await TickAsync(life, before);
        Assert.Equal(due.At, policies.Find("nightly")!.LastOccurrence);
        Assert.NotEqual(run, due.Instance.Value);
        Assert.Equal(1, (await engine.PumpAsync(due.Instance.Value, cancellation)).ReadOutputAs<PolicyRunResult>()!.Taken);
        await ExpireAsync(life);
        Assert.NotEqual(asked.Key, Assert.Single(life.Get<SnapshotIndex>().CopiesOf("nightly")).Key);
    }

    [Fact]
    public async Task A_run_by_hand_is_cancelled_by_the_policys_own_route()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var cancellation = TestContext.Current.CancellationToken;
        life.Get<PolicyLedger>().Put(Policy(world, new RetentionRule()), "test");
        Assert.Equal(409, await CancelAsync());
        var run = await RunByHandAsync(life, "by-hand");
        Assert.Equal(202, await CancelAsync());
        await life.Get<DurableEngine>().PumpAsync(run, cancellation);
        Assert.Equal(("Cancelled", true), ((await ShownAsync(life, run)).GetProperty("state").GetString(), (await ShownAsync(life, run)).GetProperty("ended").GetBoolean()));
        Assert.Empty(Rows(life).Where(row => row.Status.State == SnapshotState.BackedUp));
        Assert.Equal(409, await CancelAsync());

        Task<int> CancelAsync() => PolicyRuns.CancelAsync(life, Guid.NewGuid().ToString());
    }

    /// <summary>A request whose answer was lost is sent again, perhaps an hour later: the run of then is not the one that is under way by now.</summary>
    [Fact]
    public async Task A_cancel_that_comes_again_leaves_a_run_alone_that_has_begun_since()
    {
        using var world = new CrashWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var (engine, cancellation) = (life.Get<DurableEngine>(), TestContext.Current.CancellationToken);
        life.Get<PolicyLedger>().Put(Policy(world, new RetentionRule()), "test");
        var first = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
        Assert.Equal(202, await CancelAsync(life, "once"));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await engine.PumpAsync(first.Instance.Value, cancellation)).RuntimeStatus);

        // The same request has the same answer, whatever has become of the run; one that names it finds it ended.
        Assert.Equal(202, await CancelAsync(life, "once"));
        Assert.Equal(409, await CancelAsync(life, "named", $$"""{"run":"{{first.Instance.Uuid}}"}"""));
        var second = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
        Assert.Equal(202, await CancelAsync(life, "once"));
        Assert.Equal(409, await CancelAsync(life, "once", $$"""{"run":"{{second.Instance.Uuid}}"}"""));
        Assert.Equal(409, await CancelAsync(life, "of-another", $$"""{"run":"{{Guid.NewGuid()}}"}"""));
        Assert.Equal(1, (await engine.PumpAsync(second.Instance.Value, cancellation)).ReadOutputAs<PolicyRunResult>()!.Taken);

        // A run is cancelled by its name, be it the last or not.
        var third = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
        Assert.Equal(202, await CancelAsync(life, "third", $$"""{"run":"{{third.Instance.Uuid}}"}"""));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await engine.PumpAsync(third.Instance.Value, cancellation)).RuntimeStatus);
        Assert.Single(life.Get<SnapshotIndex>().CopiesOf("nightly"));
    }

    /// <summary>A double click with fresh keys, a script that does not wait: one runs, the rest are told of it.</summary>
    [Fact]
    public async Task Of_several_runs_by_hand_at_once_one_runs()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<PolicyLedger>().Put(Policy(world, new RetentionRule()), "test");
        var answers = new List<int>();
        await life.SendAsync(
            "/api/policies/nightly/run", "",
            async (request, client) =>
            {
                var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(n =>
                {
                    var context = new Microsoft.AspNetCore.Http.DefaultHttpContext { RequestServices = request.HttpContext.RequestServices };
                    context.Request.Headers["Idempotency-Key"] = $"at-once-{n}";
                    return life.Get<ManualRunTriggers>().RunAsync(context.Request, "nightly", client, TestContext.Current.CancellationToken);
                }));
                answers.AddRange(all.Select(one => one is ProblemResult ? 409 : 202));
                return all[0];
            },
            TestContext.Current.CancellationToken);
        Assert.Single(answers, 202);
        Assert.Equal(7, answers.Count(status => status == 409));
    }

    /// <summary>A request of a time to come, made while the clock was ahead: the one after it is the last all the same, is not run upon, and can be cancelled.</summary>
    [Fact]
    public async Task A_run_by_hand_after_one_under_a_clock_that_was_ahead_is_the_last()
    {
        using var world = new CrashWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<PolicyLedger>().Put(Policy(world, new RetentionRule()), "test");
        new IdempotencyLedger(life.Get<CatalogDatabase>(), new Support.Time.ManualTimeProvider(world.Clock.GetUtcNow().AddDays(20)))
            .Claim("anonymous", "POST /policies/nightly/run", "ahead", "", new RequestKey(new string('a', 32)));
        var run = await RunByHandAsync(life, "right");
        Assert.Equal((409, "policy.running"), await RefusedAsync(life, "third"));
        Assert.Equal(202, await CancelAsync(life, "cancel"));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await life.Get<DurableEngine>().PumpAsync(run, TestContext.Current.CancellationToken)).RuntimeStatus);
    }

    [Fact]
    public async Task A_run_of_a_policy_that_was_deleted_is_cancelled_by_its_id()
    {
        using var world = new CrashWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<PolicyLedger>().Put(Policy(world, new RetentionRule()), "test");
        var run = await RunByHandAsync(life, "by-hand");
        Assert.True(life.Get<PolicyLedger>().Remove("nightly"));
        Assert.Equal(404, await CancelAsync(life, "unnamed"));
        Assert.Equal(202, await CancelAsync(life, "named", $$"""{"run":"{{Guid.ParseExact(run, "N")}}"}"""));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await life.Get<DurableEngine>().PumpAsync(run, TestContext.Current.CancellationToken)).RuntimeStatus);
        Assert.Equal(404, await CancelAsync(life, "again", $$"""{"run":"{{Guid.ParseExact(run, "N")}}"}"""));
    }

    private static async Task<int> CancelAsync(Life life, string key, string body = "") => (await life.SendAsync(
        "/api/policies/nightly/cancel", body, (request, client) => life.Get<PolicyRunTriggers>().CancelAsync(request, "nightly", client, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken, key)).Status;

    /// <returns>The run's instance.</returns>
    private static async Task<string> RunByHandAsync(Life life, string key, string body = "")
    {
        var (status, location, answer) = await PostRunAsync(life, key, body);
        Assert.True(status == 202, answer);
        Assert.StartsWith("/api/policies/nightly/runs/", location, StringComparison.Ordinal);
        return location.Split('/')[^1].Replace("-", "", StringComparison.Ordinal);
    }

    private static async Task<(int Status, string? Code)> RefusedAsync(Life life, string key, string body = "")
    {
        var (status, _, answer) = await PostRunAsync(life, key, body);
        return (status, JsonElement.Parse(answer).GetProperty("code").GetString());
    }

    private static Task<(int Status, string Location, string Answer)> PostRunAsync(Life life, string key, string body) => life.SendAsync(
        "/api/policies/nightly/run", body, (request, client) => life.Get<ManualRunTriggers>().RunAsync(request, "nightly", client, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken, key);

    private static async Task<JsonElement> ShownAsync(Life life, string run)
    {
        var (status, _, answer) = await life.SendAsync(
            $"/api/policies/nightly/runs/{run}", "", (request, client) => life.Get<ManualRunTriggers>().GetAsync(request, "nightly", run, client, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        Assert.Equal(200, status);
        return JsonElement.Parse(answer);
    }

    private static async Task<List<string>> HeldAsync(Life life) =>
        [.. (await life.Get<DurableTaskClient>().Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, TestContext.Current.CancellationToken))!.State.Granted.SelectMany(grant => grant.Request.Slots)];

    private static IReadOnlyList<SnapshotRow> Rows(Life life) => life.Get<SnapshotIndex>().List(new SnapshotQuery()).Rows;

    private static async Task<ExpireSnapshotsResult> ExpireAsync(Life life)
    {
        var ended = await life.Get<DurableEngine>().PumpAsync(ExpireSnapshotsInput.InstanceOf("nightly").Value, TestContext.Current.CancellationToken);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        return ended.ReadOutputAs<ExpireSnapshotsResult>()!;
    }

    private static SnapshotPolicy Policy(CrashWorld world, RetentionRule keep) => new()
    {
        Name = "nightly",
        Schedule = "0 */12 * * *",
        Volumes = new PolicyVolumes { Ids = [world.Volume.CloudStackId] },
        Keep = keep,
    };

    private static async Task<PolicyOccurrence> TickAsync(CrashWorld world, Life life, DateTimeOffset at)
    {
        world.Clock.AdvanceTo(at);
        var stored = life.Get<PolicyLedger>().Find("nightly")!;
        await TickAsync(life, stored);
        return new PolicyOccurrence(stored.Policy, life.Get<PolicyLedger>().Find("nightly")!.LastOccurrence!.Value, 0);
    }

    private static async Task TickAsync(Life life, StoredPolicy stored)
    {
        var tick = life.Get<PolicyTick>().StartDueAsync(stored, life.Get<DurableTaskClient>(), TestContext.Current.CancellationToken);
        await life.Get<DurableEngine>().PumpAsync(() => tick.IsCompleted, TestContext.Current.CancellationToken);
        await tick;
    }
}
