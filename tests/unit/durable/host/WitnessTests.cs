using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Host;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>Whoever keeps a trail is told what was done past the app's own routes, by whom, and whom no key let in.</summary>
public sealed class WitnessTests
{
    [Fact]
    public async Task What_the_hosts_own_routes_did_is_told_with_its_caller_and_outcome()
    {
        var witness = new Witness();
        await using var host = await ManagementHost.StartAsync(builder => builder.Services.AddSingleton<IRequestWitness>(witness));
        await host.StartInstanceAsync("Waiter", "x", "one%3");
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostAsync($"/instances/{Uri.EscapeDataString("one%3")}/terminate?reason=enough&force=true")).StatusCode);
        await (await host.PostAsync("/instances/nobody/suspend")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "instance.missing");
        using var rotated = await host.Host.SendAsync(HttpMethod.Post, "/admin/host/functionkeys/ci", host.Host.MasterKey);

        await witness.ToldOfAsync(request => request.Path == "/admin/host/functionkeys/ci");
        Assert.Equal(
            [
                ($"POST {ManagementHost.Base}/orchestrators/Waiter/one%253", null),
                ($"POST {ManagementHost.Base}/instances/one%253/terminate", null),
                ($"POST {ManagementHost.Base}/instances/nobody/suspend", "instance.missing"),
                ("POST /admin/host/functionkeys/ci", null),
            ],
            witness.Done.Where(request => request.Method != "GET").Select(request => ($"{request.Method} {request.Path}", request.Code)));
        Assert.All(witness.Done, request => Assert.False(string.IsNullOrEmpty(request.Caller)));
        Assert.Equal("enough", witness.Done.ElementAt(1).Query["reason"].ToString());
        Assert.Empty(witness.Away);
    }

    /// <summary>Kestrel resolves these before it looks for a route: whoever keeps a trail must not be passed by with another spelling.</summary>
    [Theory]
    [InlineData("POST", "/runtime/webhooks/%64urabletask/instances/one/terminate?reason=x", new[] { "runtime", "webhooks", "durabletask", "instances", "one", "terminate" })]
    [InlineData("POST", "/RUNTIME/webhooks/DurableTask/instances/a%2Fb/terminate", new[] { "runtime", "webhooks", "durabletask", "instances", "a/b", "terminate" })]
    [InlineData("POST", "/x/../admin/host/functionkeys/new", new[] { "admin", "host", "functionkeys", "new" })]
    [InlineData("GET", "/admin/host/./keys", new[] { "admin", "host", "keys" })]
    [InlineData("GET", "/%61dmin/host/%2e/keys", new[] { "admin", "host", "keys" })]
    public async Task However_a_path_is_spelled_the_route_that_answered_is_told(string method, string path, string[] segments)
    {
        var witness = new Witness();
        await using var host = await ManagementHost.StartAsync(builder => builder.Services.AddSingleton<IRequestWitness>(witness));
        await host.StartInstanceAsync("Waiter", "x", "one");
        await witness.ToldOfAsync(request => request.Method == "POST");
        witness.Done.Clear();
        var asItIs = new Uri($"{host.Host.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new HttpMethod(method), asItIs);
        request.Headers.Add("x-functions-key", host.Host.MasterKey);
        using var answer = await host.Host.Client.SendAsync(request);
        await witness.ToldOfAsync(_ => true);
        Assert.Equal(segments, Assert.Single(witness.Done).Segments);
    }

    [Fact]
    public async Task Whoever_no_key_or_a_gate_lets_in_is_told_and_a_functions_own_work_is_not()
    {
        var witness = new Witness();
        await using var host = await RunningHost.StartAsync(builder =>
        {
            builder.Services.AddSingleton(new Greeting("Hello"));
            builder.UseFunctions(typeof(SampleFunctions));
            builder.Services.AddSingleton<IRequestWitness>(witness);
        });
        using var opened = await host.GetAsync("/api/Guarded", host.HostKey);
        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        using var missing = await host.GetAsync("/api/Guarded?code=");
        using var wrong = await host.SendAsync(HttpMethod.Post, "/admin/host/functionkeys/ci?code=guessed", content: new StringContent("{}", Encoding.UTF8, "application/json"));
        await witness.ToldOfAsync(request => request.Code == "key.wrong");
        Assert.Empty(witness.Done);
        Assert.Equal([("GET /api/Guarded", "key.missing"), ("POST /admin/host/functionkeys/ci", "key.wrong")], witness.Away.Select(request => ($"{request.Method} {request.Path}", request.Code)));
        Assert.All(witness.Away, request => Assert.Null(request.Caller));
        Assert.All(witness.Away, request => Assert.NotNull(request.Address));
    }

    /// <summary>The host tells once the answer has gone out, so the client may have it first.</summary>
    private sealed class Witness : IRequestWitness
    {
        private readonly SemaphoreSlim _told = new(0);

        public ConcurrentQueue<WitnessedRequest> Done { get; } = [];

        public ConcurrentQueue<WitnessedRequest> Away { get; } = [];

        public void Answered(WitnessedRequest request) => Add(Done, request);

        public void Refused(WitnessedRequest request) => Add(Away, request);

        public async Task ToldOfAsync(Func<WitnessedRequest, bool> what)
        {
            while (!Done.Concat(Away).Any(what))
                Assert.True(await _told.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), "The host did not tell of it.");
        }

        private void Add(ConcurrentQueue<WitnessedRequest> those, WitnessedRequest request)
        {
            those.Enqueue(request);
            _told.Release();
        }
    }
}
