using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Worker;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

public sealed class ManagementStartTests
{
    [Fact]
    public async Task A_start_that_cannot_be_is_refused_with_a_reason()
    {
        await using var host = await ManagementHost.StartAsync();
        await (await host.PostAsync("/orchestrators/Unknown", "1")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "orchestrator.unknown");
        await (await host.PostAsync("/orchestrators/Waiter", "{")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "request.malformed");
        await (await host.PostAsync("/orchestrators/Waiter/%40entity", "1")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "instance.id");
        await (await host.PostAsync("/orchestrators/Waiter/a%3Fb", "1")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "instance.id");
        await (await host.PostAsync($"/orchestrators/Waiter/{new string('x', 257)}", "1")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "instance.id");
        await (await host.PostAsync("/orchestrators/Waiter?timeout=1&pollingInterval=2", "1")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.invalid");
        Assert.Equal("[]", await (await host.GetAsync("/instances")).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_live_id_conflicts_and_an_ended_one_is_used_again()
    {
        await using var host = await ManagementHost.StartAsync();
        await host.StartInstanceAsync("Waiter", "first", "same");
        await (await host.PostAsync("/orchestrators/Waiter/same", "\"second\"")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "instance.exists");
        await host.PostAsync("/instances/same/raiseEvent/Go", "\"x\"");
        await host.EndedAsync("same");
        await host.StartInstanceAsync("Waiter", "third", "same");
        Assert.Equal("third", (await host.StatusAsync("same")).GetProperty("input").GetString());
    }

    [Fact]
    public async Task An_id_is_made_when_none_is_given()
    {
        await using var host = await ManagementHost.StartAsync();
        var payload = await ManagementHost.JsonAsync(await host.PostAsync("/orchestrators/Waiter"));
        Assert.Matches("^[0-9a-f]{32}$", payload.GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_caller_may_wait_for_the_end()
    {
        await using var host = await ManagementHost.StartAsync();
        var done = await host.PostAsync("/orchestrators/Echo?timeout=20&pollingInterval=1", "\"x\"");
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        Assert.Equal("\"x\"", await done.Content.ReadAsStringAsync());

        var failed = await host.PostAsync("/orchestrators/Failing?timeout=20&pollingInterval=1", "\"x\"");
        Assert.Equal(HttpStatusCode.OK, failed.StatusCode);
        Assert.Equal("Failed", (await ManagementHost.JsonAsync(failed)).GetProperty("runtimeStatus").GetString());

        var late = await host.PostAsync("/orchestrators/Waiter?timeout=0.05&pollingInterval=0.01", "\"x\"");
        Assert.Equal(HttpStatusCode.Accepted, late.StatusCode);
        Assert.NotNull(late.Headers.Location);
    }

    [Fact]
    public async Task The_management_API_wants_the_system_or_master_key()
    {
        await using var host = await ManagementHost.StartAsync();
        const string List = ManagementHost.Base + "/instances";
        await (await host.Host.GetAsync(List)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.missing");
        await (await host.Host.GetAsync(List, host.Host.HostKey)).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.wrong");
        Assert.Equal(HttpStatusCode.OK, (await host.Host.GetAsync(List, host.Host.SystemKey)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Host.GetAsync(List, host.Host.MasterKey)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Host.GetAsync($"{List}?code={host.Host.SystemKey}")).StatusCode);
    }

    [Fact]
    public async Task Unknown_paths_wrong_verbs_and_other_hubs_are_refused()
    {
        await using var host = await ManagementHost.StartAsync(durableTask: """{"hubName":"MyHub"}""");
        await (await host.GetAsync("/elsewhere")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "route.unknown");
        await (await host.GetAsync("/instances/a/terminate")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "route.unknown");
        await (await host.GetAsync("/instances?taskHub=Other")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "taskHub.unknown");
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/instances?TASKHUB=myhub&connection=Storage")).StatusCode);
    }

    [Fact]
    public async Task A_guard_can_send_a_terminate_another_way()
    {
        var guard = new CancelInstead();
        await using var host = await ManagementHost.StartAsync(builder => builder.Services.AddSingleton<ITerminateGuard>(guard));
        await host.StartInstanceAsync("Waiter", "held", "g");
        var problem = await (await host.PostAsync("/instances/g/terminate?reason=x")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "snapshot.cancelInstead");
        Assert.Contains("/api/snapshots/g/cancel", problem.GetProperty("remedy").GetString());
        Assert.Equal("Running", (await host.StatusAsync("g")).GetProperty("runtimeStatus").GetString());

        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/instances/g/terminate?reason=x&force=true")).StatusCode);
        Assert.Equal(["g x"], guard.Forced);
        Assert.Equal("Running", (await host.StatusAsync("g")).GetProperty("runtimeStatus").GetString());

        await host.StartInstanceAsync("Waiter", "free", "f");
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync("/instances/f/terminate")).StatusCode);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await host.EndedAsync("f")).RuntimeStatus);
    }

    [Fact]
    public async Task A_start_that_would_replace_a_live_instance_asks_the_guard_too()
    {
        await using var host = await ManagementHost.StartAsync(
            builder => builder.Services.AddSingleton<ITerminateGuard>(new CancelInstead()), """{"overridableExistingInstanceStates":"AnyState"}""");
        await host.StartInstanceAsync("Waiter", "held", "g");
        await (await host.PostAsync("/orchestrators/Waiter/g", "\"second\"")).ShouldBeProblemAsync(HttpStatusCode.Conflict, "snapshot.cancelInstead");
        Assert.Equal(("Running", "held"), ((await host.StatusAsync("g")).GetProperty("runtimeStatus").GetString(), (await host.StatusAsync("g")).GetProperty("input").GetString()));

        await host.StartInstanceAsync("Waiter", "free", "f");
        await host.StartInstanceAsync("Waiter", "second", "f");
        Assert.Equal("second", (await host.StatusAsync("f")).GetProperty("input").GetString());
    }

    [Fact]
    public async Task A_guard_refuses_a_start_with_its_own_code_and_remedy_before_anything_is_stored_or_replaced()
    {
        var guard = new NamedOnly();
        await using var host = await ManagementHost.StartAsync(builder => builder.Services.AddSingleton<IStartGuard>(guard), """{"overridableExistingInstanceStates":"AnyState"}""");
        await host.StartInstanceAsync("Waiter", "first", "g");
        var refused = await (await host.PostAsync("/orchestrators/Waiter/g", "null")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "waiter.unnamed");
        Assert.Equal("name it", refused.GetProperty("remedy").GetString());
        await (await host.PostAsync("/orchestrators/waiter")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "waiter.unnamed");

        // Asked for what was said, and by the registered name.
        Assert.Equal([("Waiter", "g", "\"first\""), ("Waiter", "g", "null"), ("Waiter", null, null)], guard.Asked);
        Assert.Equal(("Running", "first"), ((await host.StatusAsync("g")).GetProperty("runtimeStatus").GetString(), (await host.StatusAsync("g")).GetProperty("input").GetString()));
        Assert.Single((await ManagementHost.JsonAsync(await host.GetAsync("/instances"))).EnumerateArray());
    }

    /// <summary>Guards and queries go by the name.</summary>
    [Fact]
    public async Task An_instance_bears_its_orchestrators_own_name_however_the_start_spells_it()
    {
        await using var host = await ManagementHost.StartAsync();
        await host.StartInstanceAsync("wAITER", "x", "w");
        Assert.Equal("Waiter", (await host.StatusAsync("w")).GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("true", "https://snapshots.example:8443/runtime/")]
    [InlineData("false", "http://127.0.0.1:")]
    public async Task Management_URIs_follow_forwarded_headers_only_when_told(string useForwardedHost, string origin)
    {
        await using var host = await ManagementHost.StartAsync(
            builder => builder.UseFunctions(typeof(Starter)), $$$"""{"httpSettings":{"useForwardedHost":{{{useForwardedHost}}}}}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/Start");
        request.Headers.Add("X-Forwarded-Host", "snapshots.example:8443");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("x-functions-key", host.Host.HostKey);
        var answer = await host.Host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.StartsWith(origin, (await ManagementHost.JsonAsync(answer)).GetProperty("statusQueryGetUri").GetString());
    }

    [Theory]
    [InlineData("Forwarded", "for=192.0.2.1;host=\"first.example:444\";proto=https, for=10.0.0.1", "https://first.example:444/")]
    [InlineData("X-Forwarded-Host", "first.example, second.example", "http://first.example/")]
    [InlineData("X-Original-Host", "gateway.example", "http://gateway.example/")]
    [InlineData("X-Forwarded-Host", "user@evil.example", "http://127.0.0.1:")]
    [InlineData("X-Forwarded-Host", "evil.example/path", "http://127.0.0.1:")]
    [InlineData("Host", "evil.example", "http://127.0.0.1:")]
    public async Task The_origin_comes_from_the_first_proxy_or_from_where_the_host_listens(string header, string value, string origin)
    {
        await using var host = await ManagementHost.StartAsync(durableTask: """{"httpSettings":{"useForwardedHost":true}}""");
        Assert.StartsWith(origin, await StatusUriAsync(host, header, value));
    }

    [Fact]
    public async Task Forwarded_headers_of_who_is_no_trusted_proxy_are_not_believed()
    {
        await using var host = await ManagementHost.StartAsync(durableTask: """{"httpSettings":{"useForwardedHost":true,"trustedProxies":["10.1.2.3","fd00::/8"]}}""");
        Assert.StartsWith("http://127.0.0.1:", await StatusUriAsync(host, "X-Forwarded-Host", "evil.example"));
    }

    private static async Task<string> StatusUriAsync(ManagementHost host, string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{ManagementHost.Base}/orchestrators/Echo");
        request.Headers.TryAddWithoutValidation(header, value);
        request.Headers.Add("x-functions-key", host.Host.SystemKey);
        return (await ManagementHost.JsonAsync(await host.Host.Client.SendAsync(request))).GetProperty("statusQueryGetUri").GetString()!;
    }

    [Fact]
    public async Task Instances_go_on_after_a_restart_of_the_host()
    {
        using var folder = new TemporaryFolder();
        await using (var first = await ManagementHost.StartAsync(folder: folder))
        {
            await first.StartInstanceAsync("Waiter", "x", "long");
        }

        await using var second = await ManagementHost.StartAsync(folder: folder);
        await second.PostAsync("/instances/long/raiseEvent/Go", "\"again\"");
        Assert.Equal("\"AGAIN\"", (await second.EndedAsync("long")).SerializedOutput);
    }

    [Fact]
    public async Task A_hub_in_use_stops_the_start_with_its_own_exit_code()
    {
        using var folder = new TemporaryFolder();
        await using var first = await ManagementHost.StartAsync(folder: folder);
        using var error = new StringWriter();
        var code = await FunctionsHost.RunAsync(
            ["--port", "0", "--settings-root", folder.Path],
            builder => builder.UseDurableTask(SampleOrchestrations.Register, (services, _) => SampleHub.Create(services, Path.Combine(builder.StatePath!, "hub.db"))),
            new HostSurroundings { Environment = new Dictionary<string, string>(), Error = error, LogToConsole = false });
        Assert.Equal(HostExitCodes.Unavailable, code);
        Assert.StartsWith("error taskHub.inUse: ", error.ToString());
    }

    [Fact]
    public async Task A_hub_that_is_no_database_stops_the_start_with_one_line_that_names_it()
    {
        using var folder = new TemporaryFolder();
        folder.Write("host.json", """{"version":"2.0"}""");
        folder.Write(".state/hub.db", "this is no database, but a text that somebody has put here");
        using var error = new StringWriter();
        var log = new CollectingLogger();
        var code = await FunctionsHost.RunAsync(
            ["--port", "0", "--settings-root", folder.Path],
            builder =>
            {
                builder.Services.AddSingleton<Microsoft.Extensions.Logging.ILoggerProvider>(log);
                builder.UseDurableTask(SampleOrchestrations.Register, (services, _) => SampleHub.Create(services, Path.Combine(builder.StatePath!, "hub.db")));
            },
            new HostSurroundings { Environment = new Dictionary<string, string>(), Error = error, LogToConsole = false });
        Assert.Equal(HostExitCodes.Configuration, code);
        var line = Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"error database.unusable: {folder.PathOf(".state/hub.db")} cannot be used: ", line);
        Assert.DoesNotContain(log.Lines, entry => entry.Contains("   at "));
    }

    public sealed class Starter
    {
        [Function("Start")]
        public async Task<IActionResult> RunAsync(
            [HttpTrigger(AuthorizationLevel.Function, "post")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
        {
            _ = request;
            var id = await client.ScheduleNewOrchestrationInstanceAsync("Waiter", "x", cancellation);
            return new ObjectResult(client.CreateHttpManagementPayload(id)) { StatusCode = 202 };
        }
    }

    private sealed class NamedOnly : IStartGuard
    {
        public List<(string Orchestrator, string? Id, string? Input)> Asked { get; } = [];

        public StartRefusal? Decide(string orchestrator, string? instanceId, string? input)
        {
            Asked.Add((orchestrator, instanceId, input));
            return input is null or "null" ? new StartRefusal("waiter.unnamed", "It waits for nobody.", "name it") : null;
        }
    }

    /// <summary>Guards instances whose input is <c>held</c>.</summary>
    private sealed class CancelInstead : ITerminateGuard
    {
        public List<string> Forced { get; } = [];

        public Task<TerminateDecision> DecideAsync(OrchestrationMetadata instance, TerminateRequest request, CancellationToken cancellation)
        {
            if (instance.ReadInputAs<string>() != "held")
            {
                return Task.FromResult(TerminateDecision.Allow);
            }

            if (!request.Forced)
            {
                return Task.FromResult(TerminateDecision.Refuse("snapshot.cancelInstead", "The snapshot holds a clone.", $"POST /api/snapshots/{instance.InstanceId}/cancel instead."));
            }

            Forced.Add($"{instance.InstanceId} {request.Reason}");
            return Task.FromResult(TerminateDecision.Handled);
        }
    }
}
