using System.Security.Claims;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Converters;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>Answers of routes that need no more than a catalog, and a hub that nobody has asked for anything.</summary>
public sealed class RouteTests : IDisposable
{
    private const string Volume = "6a1f4f52-1c3e-4a5b-9f00-2c7b6f1a0d11";
    private const string Domain = "11111111-1111-4111-8111-111111111111";
    private static readonly DateTimeOffset s_now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("swf-routes-").FullName;
    private readonly CatalogDatabase _catalog;

    public RouteTests() => _catalog = new CatalogDatabase(Path.Combine(_folder, "catalog.db"));

    [Theory]
    [InlineData("operator", null, true)]
    [InlineData("reader", null, true)]
    [InlineData("tenant", Domain + "/owner", true)]
    [InlineData("tenant", Domain + "/acme", false)]
    public async Task Another_accounts_volume_tells_a_tenant_nothing(string role, string? account, bool told)
    {
        var index = new SnapshotIndex(_catalog);
        index.Upsert(Row('a') with { Account = "owner", DomainId = Domain, LastProven = s_now, Status = new SnapshotStatus { State = SnapshotState.BackedUp, Ended = true } });
        // Refused with volume.not-found: whose the volume is was never noted.
        index.Upsert(Row('b') with { Caller = "key", Status = new SnapshotStatus { State = SnapshotState.Error, Ended = true } });

        var triggers = new SnapshotTriggers(
            new IdempotencyLedger(_catalog, TimeProvider.System), index, new SnapshotReader(index, new WorkInstances(new NoProgress())), new PolicyLedger(_catalog, TimeProvider.System), new AuditTrail(_catalog, TimeProvider.System),
            Options.Create(new CallbackOptions()), Options.Create(new QuiescingOptions()));
        var request = Request(role, account);
        var (status, answer) = await AnswerAsync(request, await triggers.GetAsync(request, Row('b').Key.Uuid, new EmptyHub(), TestContext.Current.CancellationToken));
        Assert.Equal(200, status);
        Assert.Equal(told, answer.TryGetProperty("volumeLastProven", out _));
    }

    [Theory]
    [InlineData("?to=0001-01-01T00:00:00Z", 400)]
    [InlineData("?to=0001-01-01T00:00:01Z", 200)]
    [InlineData("?to=0001-01-20T00:00:00Z", 200)]
    [InlineData("?to=9999-12-31T23:59:59Z", 200)]
    [InlineData("?from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z", 200)]
    [InlineData("?from=0001-01-01T00:00:00%2B14:00", 400)]
    [InlineData("?to=9999-12-31T23:59:59-14:00", 400)]
    public async Task Usage_of_any_time_has_an_answer(string query, int status)
    {
        var request = Request("operator", null);
        request.QueryString = new QueryString(query);
        Assert.Equal(status, (await AnswerAsync(request, new UsageTriggers(new UsageLedger(_catalog), new ManualTimeProvider(s_now)).List(request))).Status);
    }

    [Theory]
    [InlineData("operator", "volume 7 of cluster 5b1c7f7e-4f0b-4d6c-9d32-0e5d1f7b2c22 stays in access group 3")]
    [InlineData("reader", "volume (for operators) stays in access group (for operators)")]
    public async Task The_audit_trail_names_the_arrays_things_to_operators(string role, string shown)
    {
        var audit = new AuditTrail(_catalog, TimeProvider.System);
        audit.Add("x", "snapshot.restore", "s", "left", "volume 7 of cluster 5b1c7f7e-4f0b-4d6c-9d32-0e5d1f7b2c22 stays in access group 3");
        audit.Add("x", "snapshot.create", "s", "done", $"volume {Volume}: BackedUp");
        var request = Request(role, null);
        var (_, answer) = await AnswerAsync(request, new AuditTriggers(audit).List(request));
        Assert.Equal([shown, $"volume {Volume}: BackedUp"], answer.GetProperty("items").EnumerateArray().Select(row => row.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task The_trail_is_not_given_from_its_beginning_to_who_misspelt_what_was_asked_for()
    {
        var request = Request("operator", null);
        request.QueryString = new QueryString("?subjekt=x");
        var (status, answer) = await AnswerAsync(request, new AuditTriggers(new AuditTrail(_catalog, TimeProvider.System)).List(request));
        Assert.Equal((400, "request.unknown-parameter"), (status, answer.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task The_answer_to_a_policy_that_is_not_there_is_that()
    {
        var policies = new PolicyLedger(_catalog, TimeProvider.System);
        var triggers = new PolicyRunTriggers(policies, new IdempotencyLedger(_catalog, TimeProvider.System), new AuditTrail(_catalog, TimeProvider.System));
        Assert.Equal((404, "policy.not-found"), await PostAsync());
        policies.Put(new SnapshotPolicy { Name = "nightly", Schedule = "0 2 * * *", Volumes = new PolicyVolumes { Ids = [Volume] }, Keep = new RetentionRule() }, "test");
        Assert.Equal((409, "policy.not-asked"), await PostAsync());

        async Task<(int, string?)> PostAsync()
        {
            var request = Request("operator", null);
            request.Body = new MemoryStream(Encoding.UTF8.GetBytes("""{"question":"1","approve":true}"""));
            var (status, answer) = await AnswerAsync(request, await triggers.AnswerAsync(request, "nightly", new EmptyHub(), TestContext.Current.CancellationToken));
            return (status, answer.GetProperty("code").GetString());
        }
    }

    [Theory]
    [InlineData(null, true, "k", "", 404, "policy.not-found")]
    [InlineData("0 2 * * *", true, null, "", 400, "idempotency-key.missing")]
    [InlineData("0 2 * * *", true, "k", """{"force":true}""", 400, "request.unknown-member")]
    [InlineData("0 2 * * *", true, "k", """{"alongside":1}""", 400, "request.value")]
    [InlineData("0 2 * * *", false, "k", "", 409, "policy.disabled")]
    [InlineData("", true, "k", "", 409, "policy.follows-only")]
    [InlineData("0 2 * * * in no zone", true, "k", "", 409, "policy.unusable")]
    public async Task A_run_by_hand_of_a_policy_that_takes_nothing_is_refused_and_claims_nothing(string? schedule, bool enabled, string? key, string body, int status, string code)
    {
        var (policies, ledger, audit) = (new PolicyLedger(_catalog, TimeProvider.System), new IdempotencyLedger(_catalog, TimeProvider.System), new AuditTrail(_catalog, TimeProvider.System));
        var zone = schedule?.Split(" in no zone") is { Length: 2 } ? "Mars/Olympus" : "UTC";
        if (schedule is not null)
            policies.Put(new SnapshotPolicy { Name = "nightly", Schedule = schedule.Split(" in")[0], TimeZone = zone, Enabled = enabled, Volumes = new PolicyVolumes { Ids = [Volume] }, Keep = new RetentionRule() }, "test");
        var request = Request("operator", null);
        request.Headers["Idempotency-Key"] = key;
        request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        var refused = await AnswerAsync(request, await new ManualRunTriggers(policies, ledger, audit, TimeProvider.System).RunAsync(request, "nightly", new EmptyHub(), TestContext.Current.CancellationToken));
        Assert.Equal((status, code), (refused.Status, refused.Body.GetProperty("code").GetString()));
        Assert.Empty(ledger.Of("POST /policies/nightly/run"));
        Assert.Empty(audit.List(null, 0, 10));
    }

    /// <summary>Whoever asks again has lost the answer, not the run.</summary>
    [Fact]
    public async Task A_run_by_hand_that_is_asked_for_again_is_answered_though_its_policy_is_deleted()
    {
        const string Route = "POST /policies/nightly/run";
        var (policies, ledger, audit) = (new PolicyLedger(_catalog, TimeProvider.System), new IdempotencyLedger(_catalog, TimeProvider.System), new AuditTrail(_catalog, TimeProvider.System));
        var run = new RequestKey(NameUuid.From($"key\n{Route}\nk").ToString("N"));
        ledger.Claim("key", Route, "k", "", run);
        var hub = new HubOf(RunOf(run, OrchestrationRuntimeStatus.Completed));
        foreach (var (key, status) in new[] { ("k", 202), ("another", 404) })
        {
            var request = Request("reader", null);
            request.Headers["Idempotency-Key"] = key;
            Assert.Equal(status, (await AnswerAsync(request, await new ManualRunTriggers(policies, ledger, audit, TimeProvider.System).RunAsync(request, "nightly", hub, TestContext.Current.CancellationToken))).Status);
        }

        Assert.Null(hub.Started);
    }

    /// <summary>A claim whose node died before the start, or whose caller was refused by a hub that was away.</summary>
    [Fact]
    public async Task A_claim_that_never_began_hides_no_run_that_lives()
    {
        const string Route = "POST /policies/nightly/run";
        var clock = new Tests.Support.Time.ManualTimeProvider(s_now);
        var (policies, ledger, audit) = (new PolicyLedger(_catalog, clock), new IdempotencyLedger(_catalog, clock), new AuditTrail(_catalog, clock));
        policies.Put(new SnapshotPolicy { Name = "nightly", Schedule = "0 2 * * *", Volumes = new PolicyVolumes { Ids = [Volume] }, Keep = new RetentionRule() }, "test");
        ledger.Claim("key", Route, "one", "", Row('a').Key);
        clock.Advance(TimeSpan.FromMinutes(1));
        ledger.Claim("key", Route, "two", "", Row('b').Key);
        var request = Request("operator", null);
        request.Headers["Idempotency-Key"] = "three";
        var refused = await AnswerAsync(
            request, await new ManualRunTriggers(policies, ledger, audit, clock).RunAsync(request, "nightly", new HubOf(RunOf(Row('a').Key, OrchestrationRuntimeStatus.Running)), TestContext.Current.CancellationToken));
        Assert.Equal((409, "policy.running"), (refused.Status, refused.Body.GetProperty("code").GetString()));
        Assert.Contains(Row('a').Key.Uuid, refused.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static OrchestrationMetadata RunOf(RequestKey key, OrchestrationRuntimeStatus status) => new("RunPolicy", key.Value)
    {
        RuntimeStatus = status,
        DataConverter = JsonDataConverter.Default,
        SerializedInput = JsonDataConverter.Default.Serialize(new PolicyOccurrence(new SnapshotPolicy { Name = "nightly", Schedule = "0 2 * * *", Volumes = new PolicyVolumes(), Keep = new RetentionRule() }, s_now, 0) { ByHand = new ManualRun(key, "key") }),
    };

    [Fact]
    public async Task A_run_that_is_not_there_is_not_found()
    {
        var triggers = new ManualRunTriggers(new PolicyLedger(_catalog, TimeProvider.System), new IdempotencyLedger(_catalog, TimeProvider.System), new AuditTrail(_catalog, TimeProvider.System), TimeProvider.System);
        foreach (var id in (string[])[Row('a').Key.Uuid, "no-id"])
        {
            var request = Request("reader", null);
            var (status, answer) = await AnswerAsync(request, await triggers.GetAsync(request, "nightly", id, new EmptyHub(), TestContext.Current.CancellationToken));
            Assert.Equal((404, "policy.run-not-found"), (status, answer.GetProperty("code").GetString()));
        }
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Running, "store.folder-not-empty", "DeleteData")]
    [InlineData(OrchestrationRuntimeStatus.Terminated, "instance.ended", null)]
    [InlineData(null, "instance.ended", null)]
    public async Task A_deletion_that_is_stuck_is_not_over_and_says_why(OrchestrationRuntimeStatus? hub, string code, string? step)
    {
        var index = new SnapshotIndex(_catalog);
        var row = Row('a') with { Status = new SnapshotStatus { State = SnapshotState.Destroying, Manifest = "m", Ended = true, Cleanup = new CleanupStatus(Done: true, Stuck: null) } };
        index.Upsert(row);
        var held = new WorkflowStatus("DeleteData", new StepNotice("store.folder-not-empty", "A file is in the way.", "Look at it.", "DeleteData"), Note: null);
        DurableTaskClient client = hub is null ? new EmptyHub() : new HubOf(new OrchestrationMetadata("DeleteSnapshot", DeleteSnapshotInput.InstanceOf(row.Key).Value)
        {
            RuntimeStatus = hub.Value,
            DataConverter = JsonDataConverter.Default,
            SerializedCustomStatus = JsonDataConverter.Default.Serialize(held),
        });
        var (snapshots, reader) = Snapshots(index);

        var request = Request("operator", null);
        var (status, view) = await AnswerAsync(request, await snapshots.GetAsync(request, row.Key.Uuid, client, TestContext.Current.CancellationToken));
        Assert.Equal((200, "Destroying", false), (status, view.GetProperty("state").GetString(), view.GetProperty("ended").GetBoolean()));
        Assert.Equal((false, code), (view.GetProperty("cleanup").GetProperty("done").GetBoolean(), view.GetProperty("cleanup").GetProperty("stuck").GetProperty("code").GetString()));
        Assert.Equal(step, view.TryGetProperty("step", out var at) ? at.GetString() : null);

        // It can be asked for again, and is no snapshot under way that could be cancelled.
        request = Request("operator", null);
        Assert.Equal(409, (await AnswerAsync(request, await snapshots.CancelAsync(request, row.Key.Uuid, client, TestContext.Current.CancellationToken))).Status);
        request = Request("reader", null);
        var starting = new HubOf(null);
        var deletion = new DeletionTriggers(new IdempotencyLedger(_catalog, TimeProvider.System), reader);
        Assert.Equal(202, (await AnswerAsync(request, await deletion.DeleteAsync(request, row.Key.Uuid, starting, TestContext.Current.CancellationToken))).Status);
        Assert.Equal(DeleteSnapshotInput.InstanceOf(row.Key).Value, starting.Started);
    }

    /// <summary>It is shown, so it is there: that it cannot be held yet is another answer than that there is none.</summary>
    [Fact]
    public async Task A_snapshot_under_way_is_found_by_its_hold_release_and_verification()
    {
        var key = Row('a').Key;
        var working = new HubOf(new OrchestrationMetadata("SnapshotVolume", key.Value)
        {
            RuntimeStatus = OrchestrationRuntimeStatus.Running,
            DataConverter = JsonDataConverter.Default,
            SerializedInput = JsonDataConverter.Default.Serialize(new SnapshotVolumeInput { Key = key, VolumeId = Volume, Caller = "x" }),
        });
        var (ledger, reader) = (new IdempotencyLedger(_catalog, TimeProvider.System), Snapshots(new SnapshotIndex(_catalog)).Reader);
        var (deletion, verification) = (new DeletionTriggers(ledger, reader), new VerifyTriggers(ledger, reader));
        foreach (var ask in (Func<HttpRequest, DurableTaskClient, Task<IActionResult>>[])
            [
                (request, client) => deletion.HoldAsync(request, key.Uuid, client, TestContext.Current.CancellationToken),
                (request, client) => deletion.ReleaseAsync(request, key.Uuid, client, TestContext.Current.CancellationToken),
                (request, client) => verification.VerifyAsync(request, key.Uuid, client, TestContext.Current.CancellationToken),
            ])
        {
            Assert.Equal((409, "snapshot.not-backed-up"), await CodeAsync(working));
            Assert.Equal((404, "snapshot.not-found"), await CodeAsync(new EmptyHub()));

            async Task<(int, string?)> CodeAsync(DurableTaskClient client)
            {
                var request = Request("operator", null);
                request.Headers["Idempotency-Key"] = "k";
                var (status, answer) = await AnswerAsync(request, await ask(request, client));
                return (status, answer.GetProperty("code").GetString());
            }
        }
    }

    /// <summary>Each is said at once, before a deletion is begun that would be refused later.</summary>
    [Theory]
    [InlineData("under way", "tenant", "", 409, "snapshot.in-progress")]
    [InlineData("held", "tenant", "", 409, "snapshot.held")]
    [InlineData("failed", "tenant", "", 409, "snapshot.no-copy")]
    [InlineData("whole", "tenant", "?arrayLost=true", 403, "request.operators-only")]
    [InlineData("another's", "tenant", "", 404, "snapshot.not-found")]
    [InlineData("whole", "tenant", "", 202, null)]
    public async Task What_cannot_be_deleted_is_refused_and_no_deletion_is_begun(string what, string role, string query, int status, string? code)
    {
        var (index, key) = (new SnapshotIndex(_catalog), Row('a').Key);
        var whole = Row('a') with
        {
            Account = what == "another's" ? "another" : "owner", DomainId = Domain, Held = what == "held",
            Status = new SnapshotStatus
            {
                State = what switch { "under way" => SnapshotState.BackingUp, "failed" => SnapshotState.Error, _ => SnapshotState.BackedUp },
                Ended = what != "under way",
                Manifest = what is "failed" or "under way" ? null : $"swf/z/{Volume}/{key.Uuid}.manifest.json",
                Destination = "nfs1",
            },
        };
        index.Upsert(whole);
        var hub = new HubOf(null);
        var request = Request(role, role == "tenant" ? $"{Domain}/owner" : null);
        request.QueryString = new QueryString(query);
        var deletion = new DeletionTriggers(new IdempotencyLedger(_catalog, TimeProvider.System), Snapshots(index).Reader);
        var answer = await AnswerAsync(request, await deletion.DeleteAsync(request, key.Uuid, hub, TestContext.Current.CancellationToken));
        Assert.Equal((status, code), (answer.Status, answer.Body.TryGetProperty("code", out var told) ? told.GetString() : null));
        Assert.Equal(status == 202, hub.Started is not null);
    }

    /// <summary>GET of the group shows it, so it is under way; what has no group that the caller sees is not there.</summary>
    [Theory]
    [InlineData("operator", "x", OrchestrationRuntimeStatus.Running, 409, "snapshot.in-progress")]
    [InlineData("tenant", "key", OrchestrationRuntimeStatus.Running, 409, "snapshot.in-progress")]
    [InlineData("tenant", "x", OrchestrationRuntimeStatus.Running, 404, "snapshot.not-found")]
    [InlineData("operator", "x", OrchestrationRuntimeStatus.Failed, 404, "snapshot.not-found")]
    public async Task A_member_that_waits_for_its_group_cannot_be_deleted_yet(string role, string caller, OrchestrationRuntimeStatus group, int status, string code)
    {
        var (member, input) = (Row('a').Key, new SnapshotGroupInput { Key = Row('c').Key, VmId = Volume, Caller = caller });
        var told = new SnapshotGroupStatus { State = SnapshotState.Creating, VmId = Volume, Members = new GroupMembers([new GroupMember(Volume, member.Uuid, SnapshotState.Allocated, null, null)]) };
        var hub = new HubOf(new OrchestrationMetadata("SnapshotGroup", input.Key.Value)
        {
            RuntimeStatus = group,
            DataConverter = JsonDataConverter.Default,
            SerializedInput = JsonDataConverter.Default.Serialize(input),
            SerializedCustomStatus = JsonDataConverter.Default.Serialize(told),
        });
        var deletion = new DeletionTriggers(new IdempotencyLedger(_catalog, TimeProvider.System), Snapshots(new SnapshotIndex(_catalog)).Reader);
        var request = Request(role, role == "tenant" ? $"{Domain}/owner" : null);
        var answer = await AnswerAsync(request, await deletion.DeleteAsync(request, member.Uuid, hub, TestContext.Current.CancellationToken));
        Assert.Equal((status, code), (answer.Status, answer.Body.GetProperty("code").GetString()));
        Assert.Null(hub.Started);
    }

    [Fact]
    public async Task A_deletion_that_has_ended_is_over()
    {
        var index = new SnapshotIndex(_catalog);
        index.Upsert(Row('a') with { Status = new SnapshotStatus { State = SnapshotState.Destroyed, Ended = true, Cleanup = new CleanupStatus(Done: true, Stuck: null) } });
        var request = Request("operator", null);
        var (_, view) = await AnswerAsync(request, await Snapshots(index).Triggers.GetAsync(request, Row('a').Key.Uuid, new EmptyHub(), TestContext.Current.CancellationToken));
        Assert.True(view.GetProperty("ended").GetBoolean());
        Assert.True(view.GetProperty("cleanup").GetProperty("done").GetBoolean());
    }

    [Theory]
    [InlineData(SnapshotState.BackedUp, "BackedUp", true)]
    [InlineData(SnapshotState.Destroying, "BackedUp", true)]
    [InlineData(SnapshotState.Destroyed, "Destroyed", false)]
    public async Task A_group_shows_its_members_as_they_are_now(SnapshotState second, string state, bool manifest)
    {
        var index = new SnapshotIndex(_catalog);
        index.Upsert(Row('a') with { Status = new SnapshotStatus { State = SnapshotState.Destroyed, Ended = true } });
        index.Upsert(Row('b') with { Status = new SnapshotStatus { State = second, Ended = true } });
        var group = new SnapshotGroupInput { Key = Row('c').Key, VmId = Volume, Caller = "x" };
        var told = new SnapshotGroupStatus
        {
            State = SnapshotState.BackedUp, VmId = Volume, Manifest = "group.json", Ended = true,
            Members = new GroupMembers([new GroupMember(Volume, Row('a').Key.Uuid, SnapshotState.BackedUp, "a.json", null), new GroupMember(Volume, Row('b').Key.Uuid, SnapshotState.BackedUp, "b.json", null)]),
        };
        var hub = new HubOf(new OrchestrationMetadata("SnapshotGroup", group.Key.Value)
        {
            RuntimeStatus = OrchestrationRuntimeStatus.Completed,
            DataConverter = JsonDataConverter.Default,
            SerializedInput = JsonDataConverter.Default.Serialize(group),
            SerializedCustomStatus = JsonDataConverter.Default.Serialize(told),
        });
        var triggers = new GroupTriggers(
            new IdempotencyLedger(_catalog, TimeProvider.System), index, new SnapshotReader(index, new WorkInstances(new NoProgress())), new PolicyLedger(_catalog, TimeProvider.System), new AuditTrail(_catalog, TimeProvider.System),
            Options.Create(new CallbackOptions()), Options.Create(new QuiescingOptions()));

        var request = Request("operator", null);
        var (_, view) = await AnswerAsync(request, await triggers.GetAsync(request, group.Key.Uuid, hub, TestContext.Current.CancellationToken));
        Assert.Equal((state, manifest), (view.GetProperty("state").GetString(), view.TryGetProperty("manifest", out _)));
        Assert.Equal(["Destroyed", second.ToString()], view.GetProperty("members").EnumerateArray().Select(member => member.GetProperty("state").GetString()));
        Assert.Equal([false, second == SnapshotState.BackedUp], view.GetProperty("members").EnumerateArray().Select(member => member.TryGetProperty("manifest", out _)));
    }

    /// <summary>As an earlier release left it, or as the engine ended it: its status says of members that they are allocated, and nothing will ever say otherwise.</summary>
    [Theory]
    [InlineData(true, OrchestrationRuntimeStatus.Failed)]
    [InlineData(false, OrchestrationRuntimeStatus.Terminated)]
    public async Task A_group_that_has_ended_shows_no_member_that_never_began(bool ended, OrchestrationRuntimeStatus hub)
    {
        var index = new SnapshotIndex(_catalog);
        var failed = new StepNotice("cancelled", "It was cancelled.", "None.", "Admit");
        index.Upsert(Row('b') with { Status = new SnapshotStatus { State = SnapshotState.Error, Failure = failed, Ended = true } });
        var group = new SnapshotGroupInput { Key = Row('c').Key, VmId = Volume, Caller = "x" };
        var client = new HubOf(new OrchestrationMetadata("SnapshotGroup", group.Key.Value)
        {
            RuntimeStatus = hub,
            DataConverter = JsonDataConverter.Default,
            SerializedInput = JsonDataConverter.Default.Serialize(group),
            SerializedCustomStatus = JsonDataConverter.Default.Serialize(new SnapshotGroupStatus
            {
                State = ended ? SnapshotState.Error : SnapshotState.Creating, VmId = Volume, Failure = ended ? failed : null, Ended = ended,
                Members = new GroupMembers([new GroupMember(Volume, Row('a').Key.Uuid, SnapshotState.Allocated, null, null), new GroupMember(Volume, Row('b').Key.Uuid, SnapshotState.Allocated, null, null)]),
            }),
        });
        var (snapshots, reader) = Snapshots(index);
        var triggers = new GroupTriggers(
            new IdempotencyLedger(_catalog, TimeProvider.System), index, reader, new PolicyLedger(_catalog, TimeProvider.System), new AuditTrail(_catalog, TimeProvider.System),
            Options.Create(new CallbackOptions()), Options.Create(new QuiescingOptions()));

        var request = Request("operator", null);
        var (_, view) = await AnswerAsync(request, await triggers.GetAsync(request, group.Key.Uuid, client, TestContext.Current.CancellationToken));
        Assert.Equal((true, "Error"), (view.GetProperty("ended").GetBoolean(), view.GetProperty("state").GetString()));
        var member = Assert.Single(view.GetProperty("members").EnumerateArray());
        Assert.Equal((Row('b').Key.Uuid, "Error", "cancelled"), (member.GetProperty("snapshotId").GetString(), member.GetProperty("state").GetString(), member.GetProperty("failure").GetProperty("code").GetString()));

        // The same by the members' own route.
        request = Request("operator", null);
        Assert.Equal(404, (await AnswerAsync(request, await snapshots.GetAsync(request, Row('a').Key.Uuid, client, TestContext.Current.CancellationToken))).Status);
        request = Request("operator", null);
        Assert.Equal("Error", (await AnswerAsync(request, await snapshots.GetAsync(request, Row('b').Key.Uuid, client, TestContext.Current.CancellationToken))).Body.GetProperty("state").GetString());
    }

    public void Dispose()
    {
        _catalog.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static SnapshotRow Row(char key) => new() { Key = new RequestKey(new string(key, 32)), VolumeId = Volume, Caller = "x", CreatedAt = s_now, Status = new SnapshotStatus { State = SnapshotState.Allocated } };

    private (SnapshotTriggers Triggers, SnapshotReader Reader) Snapshots(SnapshotIndex index)
    {
        var reader = new SnapshotReader(index, new WorkInstances(new NoProgress()));
        return (new SnapshotTriggers(
            new IdempotencyLedger(_catalog, TimeProvider.System), index, reader, new PolicyLedger(_catalog, TimeProvider.System), new AuditTrail(_catalog, TimeProvider.System),
            Options.Create(new CallbackOptions()), Options.Create(new QuiescingOptions())), reader);
    }

    private static HttpRequest Request(string role, string? account)
    {
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, "key"), new Claim(ClaimTypes.Role, role)], "test");
        if (account is not null) identity.AddClaim(new Claim(CallerAccess.AccountClaim, account));
        return new DefaultHttpContext { User = new ClaimsPrincipal(identity), Response = { Body = new MemoryStream() } }.Request;
    }

    private static async Task<(int Status, JsonElement Body)> AnswerAsync(HttpRequest request, IActionResult result)
    {
        var response = request.HttpContext.Response;
        await result.ExecuteResultAsync(new ActionContext { HttpContext = request.HttpContext });
        await response.BodyWriter.FlushAsync(TestContext.Current.CancellationToken);
        response.Body.Position = 0;
        return (response.StatusCode, JsonElement.Parse(((MemoryStream)response.Body).ToArray()));
    }

    /// <summary>A hub with one instance, or none, in which a workflow can be started.</summary>
    private sealed class NoProgress : SnapshotWorkflows.Durable.Execution.IActivityProgressReader
    {
        public ValueTask<JsonElement?> ReadProgressAsync(string instanceId, CancellationToken cancellation) => ValueTask.FromResult<JsonElement?>(null);
    }

    private sealed class HubOf(OrchestrationMetadata? instance) : EmptyHub
    {
        public string? Started { get; private set; }

        public override Task<OrchestrationMetadata?> GetInstancesAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
            Task.FromResult(instance?.InstanceId == instanceId ? instance : null);

        public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null) => Pageable.Create((_, _) => Task.FromResult(new Page<OrchestrationMetadata>(
            instance is not null && filter?.Statuses?.Contains(instance.RuntimeStatus) != false ? [instance] : [], continuationToken: null)));

        public override Task<string> ScheduleNewOrchestrationInstanceAsync(TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default) =>
            Task.FromResult(Started = options?.InstanceId ?? "");
    }
}
