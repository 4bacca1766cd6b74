using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Converters;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>Of a policy's runs by hand one is under way at a time, however close two requests come and whatever the clock was as they were made.</summary>
public sealed class ManualRunTests : IDisposable
{
    private const string Route = "POST /policies/nightly/run";

    private static readonly DateTimeOffset s_now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RequestKey s_first = new(new string('a', 32));
    private static readonly RequestKey s_other = new(new string('b', 32));

    private readonly string _folder = Directory.CreateTempSubdirectory("swf-run-").FullName;
    private readonly ManualTimeProvider _clock = new(s_now);
    private readonly CatalogDatabase _catalog;
    private readonly IdempotencyLedger _ledger;
    private readonly PolicyLedger _policies;

    public ManualRunTests()
    {
        _catalog = new CatalogDatabase(Path.Combine(_folder, "catalog.db"));
        (_ledger, _policies) = (new IdempotencyLedger(_catalog, _clock), new PolicyLedger(_catalog, _clock));
        _policies.Put(new SnapshotPolicy { Name = "nightly", Schedule = "0 2 * * *", Volumes = new PolicyVolumes { Ids = ["5b1c7f7e-4f0b-4d6c-9d32-0e5d1f7b2c22"] }, Keep = new RetentionRule() }, "test");
    }

    public void Dispose()
    {
        _catalog.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>It has looked at all that were there, and the rival's claim comes before its own.</summary>
    [Fact]
    public async Task A_run_that_is_claimed_between_the_look_and_the_claim_is_seen()
    {
        _ledger.Claim("key", Route, "ended", "", s_first);
        var hub = new Hub(RunOf(s_first, OrchestrationRuntimeStatus.Completed, s_now));
        hub.Looked = instance =>
        {
            if (instance == s_first.Value) _ledger.Claim("another", Route, "rival", "", s_other);
        };
        Assert.Equal((409, "policy.running"), await RunAsync(hub));
        Assert.Empty(hub.Started);
        Assert.Equal([s_first, s_other], _ledger.Of(Route).Select(claim => claim.Instance).OrderBy(key => key.Value, StringComparer.Ordinal));
    }

    /// <summary>Its start comes right after its claim, or its process died between the two and it never comes. By a clock that was set back in between it is of a time to come.</summary>
    [Theory]
    [InlineData(10, 409)]
    [InlineData(-10, 409)]
    [InlineData(90, 202)]
    [InlineData(-90, 202)]
    public async Task A_claim_without_an_instance_counts_for_a_minute(int secondsAgo, int status)
    {
        new IdempotencyLedger(_catalog, new ManualTimeProvider(s_now.AddSeconds(-secondsAgo))).Claim("another", Route, "k", "", s_other);
        var hub = new Hub();
        Assert.Equal(status, (await RunAsync(hub)).Status);
        Assert.Equal(status == 202, hub.Started.Count == 1);
    }

    /// <summary>It was asked for while the clock was ahead, or longer ago than any run lasts.</summary>
    [Theory]
    [InlineData(20, 409)]
    [InlineData(-20, 409)]
    [InlineData(-40, 202)]
    public async Task A_run_that_lives_counts_whatever_the_clock_was_as_it_was_asked_for(int days, int status)
    {
        new IdempotencyLedger(_catalog, new ManualTimeProvider(s_now.AddDays(days))).Claim("another", Route, "k", "", s_other);
        Assert.Equal(status, (await RunAsync(new Hub(RunOf(s_other, OrchestrationRuntimeStatus.Running, s_now.AddDays(-1))))).Status);
    }

    [Fact]
    public async Task A_cancel_that_names_no_run_means_the_one_that_began_last_whatever_the_clock_was_as_it_was_asked_for()
    {
        new IdempotencyLedger(_catalog, new ManualTimeProvider(s_now.AddDays(20))).Claim("another", Route, "ahead", "alongside", s_first);
        _ledger.Claim("another", Route, "right", "alongside", s_other);
        var hub = new Hub(RunOf(s_first, OrchestrationRuntimeStatus.Running, s_now.AddHours(-2)), RunOf(s_other, OrchestrationRuntimeStatus.Running, s_now.AddHours(-1)));
        var request = Request("cancel");
        Assert.Equal(202, ((StatusCodeResult)await new PolicyRunTriggers(_policies, _ledger, new AuditTrail(_catalog, _clock)).CancelAsync(request, "nightly", hub, TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal([s_other.Value], hub.Cancelled);
    }

    private async Task<(int Status, string? Code)> RunAsync(Hub hub)
    {
        var request = Request("mine");
        var answer = await new ManualRunTriggers(_policies, _ledger, new AuditTrail(_catalog, _clock), _clock).RunAsync(request, "nightly", hub, TestContext.Current.CancellationToken);
        var response = request.HttpContext.Response;
        await answer.ExecuteResultAsync(new ActionContext { HttpContext = request.HttpContext });
        await response.BodyWriter.FlushAsync(TestContext.Current.CancellationToken);
        var body = JsonElement.Parse(((MemoryStream)response.Body).ToArray());
        return (response.StatusCode, body.TryGetProperty("code", out var code) ? code.GetString() : null);
    }

    private static HttpRequest Request(string key)
    {
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, "key"), new Claim(ClaimTypes.Role, "reader")], "test");
        var request = new DefaultHttpContext { User = new ClaimsPrincipal(identity), Response = { Body = new MemoryStream() } }.Request;
        request.Headers["Idempotency-Key"] = key;
        return request;
    }

    private static OrchestrationMetadata RunOf(RequestKey key, OrchestrationRuntimeStatus status, DateTimeOffset createdAt) => new("RunPolicy", key.Value)
    {
        RuntimeStatus = status,
        CreatedAt = createdAt,
        DataConverter = JsonDataConverter.Default,
        SerializedInput = JsonDataConverter.Default.Serialize(new PolicyOccurrence(new SnapshotPolicy { Name = "nightly", Schedule = "0 2 * * *", Volumes = new PolicyVolumes(), Keep = new RetentionRule() }, createdAt, 0) { ByHand = new ManualRun(key, "key") }),
    };

    /// <summary>A hub with some runs, in which one can be started and cancelled.</summary>
    private sealed class Hub(params OrchestrationMetadata[] runs) : EmptyHub
    {
        private readonly List<OrchestrationMetadata> _runs = [.. runs];

        /// <summary>Told each instance that is looked at.</summary>
        public Action<string> Looked { get; set; } = _ => { };

        public List<string> Started { get; } = [];

        public List<string> Cancelled { get; } = [];

        public override Task<OrchestrationMetadata?> GetInstancesAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
        {
            Looked(instanceId);
            return Task.FromResult(_runs.SingleOrDefault(run => run.InstanceId == instanceId));
        }

        public override Task<string> ScheduleNewOrchestrationInstanceAsync(TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
        {
            Started.Add(options!.InstanceId!);
            _runs.Add(RunOf(new RequestKey(options.InstanceId!), OrchestrationRuntimeStatus.Pending, s_now));
            return Task.FromResult(options.InstanceId!);
        }

        public override Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
        {
            Assert.Equal("Cancel", eventName);
            Cancelled.Add(instanceId);
            return Task.CompletedTask;
        }
    }
}
