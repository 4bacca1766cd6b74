using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Http;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class HttpCallTests
{
    private static readonly Uri s_address = new("https://billing.example/jobs?x=1");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_accepted_answer_is_polled_by_durable_timers_over_a_restart()
    {
        var server = new Server(
            Answer(HttpStatusCode.Accepted, ("Location", "/jobs/7"), ("Retry-After", "3600")),
            Answer(HttpStatusCode.Accepted, ("Location", "/jobs/7")),
            Answer(HttpStatusCode.OK, ("X-Done", "yes")));
        await using var bench = Bench(server, async context =>
        {
            var response = await context.CallHttpAsync(new DurableHttpRequest(HttpMethod.Post, s_address, content: "{}"));
            return $"{(int)response.StatusCode} {response.Headers!["x-done"]} {response.Content}";
        });
        var began = bench.Clock.GetUtcNow();
        await bench.StartAsync("Main");
        await bench.Engine.PumpAsync(() => server.Seen.Count == 1, Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.RestartAsync();
        Assert.Equal("200 yes body3", (await bench.Engine.PumpAsync("main", Token)).ReadOutputAs<string>());
        Assert.Equal(["POST https://billing.example/jobs?x=1", "GET https://billing.example/jobs/7", "GET https://billing.example/jobs/7"], server.Seen.Select(seen => seen.Line));
        Assert.Equal(TimeSpan.FromSeconds(3600 + 30), bench.Clock.GetUtcNow() - began);
    }

    [Fact]
    public async Task A_secret_is_named_in_a_header_and_stands_in_no_history_and_goes_to_no_other_origin()
    {
        var server = new Server(
            Answer(HttpStatusCode.Accepted, ("Location", "https://elsewhere.example/jobs/7"), ("Retry-After", "1"), ("Set-Cookie", "session=canary-cookie")), Answer(HttpStatusCode.OK));
        var headers = new Dictionary<string, StringValues>(StringComparer.Ordinal) { ["Authorization"] = "Bearer %Billing:Token%", ["X-Plain"] = "plain" };
        await using var bench = Bench(server, async context => (await context.CallHttpAsync(new DurableHttpRequest(HttpMethod.Get, s_address, headers))).Content);
        await bench.RunAsync("Main");
        Assert.Equal("Bearer canary-token", server.Seen[0].Authorization);
        Assert.Null(server.Seen[1].Authorization);
        Assert.Equal("plain", server.Seen[1].Plain);
        await bench.RestartAsync();
        var hub = await File.ReadAllTextAsync(bench.HubPath, Token);
        Assert.Contains("Billing:Token", hub, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", hub, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_followed_and_takes_no_secret_to_another_origin()
    {
        var server = new Server(
            Answer(HttpStatusCode.TemporaryRedirect, ("Location", "/moved")), Answer(HttpStatusCode.Found, ("Location", "https://elsewhere.example/jobs/7")), Answer(HttpStatusCode.OK));
        var headers = new Dictionary<string, StringValues>(StringComparer.Ordinal) { ["Authorization"] = "Bearer %Billing:Token%", ["X-Plain"] = "plain" };
        await using var bench = Bench(server, async context => (await context.CallHttpAsync(new DurableHttpRequest(HttpMethod.Post, s_address, headers, "{}"))).Content);
        Assert.Equal("body3", (await bench.RunAsync("Main")).ReadOutputAs<string>());
        Assert.Equal(
            [("POST https://billing.example/jobs?x=1", "Bearer canary-token", "plain"), ("POST https://billing.example/moved", "Bearer canary-token", "plain"), ("GET https://elsewhere.example/jobs/7", null, "plain")],
            server.Seen);
    }

    [Theory]
    [InlineData("http://billing.example/plain")]
    [InlineData("file:///etc/passwd")]
    public async Task A_redirect_that_gives_encryption_up_or_leads_out_of_http_is_the_answer(string location)
    {
        var server = new Server(Answer(HttpStatusCode.Found, ("Location", location)));
        await using var bench = Bench(server, async context => (int)(await context.CallHttpAsync(HttpMethod.Get, s_address)).StatusCode);
        Assert.Equal(302, (await bench.RunAsync("Main")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_circle_of_redirects_ends()
    {
        var server = new Server([.. Enumerable.Repeat(Answer(HttpStatusCode.Found, ("Location", "/round")), 20)]);
        await using var bench = Bench(server, async context => (int)(await context.CallHttpAsync(HttpMethod.Get, s_address)).StatusCode);
        Assert.Equal(302, (await bench.RunAsync("Main")).ReadOutputAs<int>());
        Assert.Equal(11, server.Seen.Count);
    }

    [Fact]
    public async Task The_client_of_all_instances_keeps_no_cookies_and_follows_nothing_by_itself()
    {
        await using var services = new ServiceCollection().AddDurableTask(start: false).BuildServiceProvider();
        var handler = services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler("DurableHttp");
        while (handler is DelegatingHandler { InnerHandler: { } inner })
            handler = inner;
        var sockets = Assert.IsType<SocketsHttpHandler>(handler);
        Assert.Equal((false, false), (sockets.AllowAutoRedirect, sockets.UseCookies));
    }

    [Fact]
    public async Task A_failed_answer_is_tried_again_with_growing_waits_and_the_last_one_is_returned()
    {
        var server = new Server(Answer(HttpStatusCode.ServiceUnavailable), null, Answer(HttpStatusCode.BadGateway));
        await using var bench = Bench(server, async context =>
        {
            var began = context.CurrentUtcDateTime;
            var options = new HttpRetryOptions(TimeSpan.FromMinutes(1), 3) { BackoffCoefficient = 2 };
            var response = await context.CallHttpAsync(HttpMethod.Get, s_address, null, options);
            return $"{(int)response.StatusCode} {(context.CurrentUtcDateTime - began).TotalMinutes:0}";
        });
        Assert.Equal("502 3", (await bench.RunAsync("Main")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_code_that_is_not_to_be_retried_comes_back_at_once()
    {
        var server = new Server(Answer(HttpStatusCode.NotFound));
        await using var bench = Bench(server, async context =>
            (int)(await context.CallHttpAsync(HttpMethod.Get, s_address, null, new HttpRetryOptions(TimeSpan.FromMinutes(1), 3, [HttpStatusCode.ServiceUnavailable]))).StatusCode);
        Assert.Equal(404, (await bench.RunAsync("Main")).ReadOutputAs<int>());
        Assert.Single(server.Seen);
    }

    [Fact]
    public async Task The_time_of_the_whole_call_ends_its_polling()
    {
        var server = new Server([.. Enumerable.Repeat(Answer(HttpStatusCode.Accepted, ("Location", "/jobs/7"), ("Retry-After", "50")), 9)]);
        await using var bench = Bench(server, async context =>
            await context.CallHttpAsync(new DurableHttpRequest(HttpMethod.Get, s_address, timeout: TimeSpan.FromSeconds(120))));
        var end = await bench.RunAsync("Main");
        Assert.Equal((OrchestrationRuntimeStatus.Failed, typeof(TimeoutException).FullName), (end.RuntimeStatus, end.FailureDetails!.ErrorType));
        Assert.Equal(3, server.Seen.Count);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://billing.example/x")]
    public async Task Other_addresses_are_refused(string address)
    {
        await using var bench = Bench(new Server(), async context => await context.CallHttpAsync(HttpMethod.Get, new Uri(address)));
        Assert.Equal(typeof(ArgumentException).FullName, (await bench.RunAsync("Main")).FailureDetails!.ErrorType);
    }

    private static EngineBench Bench(Server server, Func<TaskOrchestrationContext, Task<object?>> main) => new(registry => registry.AddOrchestrator("Main", default, () => new Code(main)))
    {
        ConfigureServices = services => services
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("Billing:Token", "canary-token")]).Build())
            .AddHttpClient("DurableHttp").ConfigurePrimaryHttpMessageHandler(() => new Handler(server)),
    };

    private static (HttpStatusCode, (string, string)[])? Answer(HttpStatusCode code, params (string, string)[] headers) => (code, headers);

    /// <summary>Answers in order; null breaks the connection.</summary>
    private sealed class Server(params (HttpStatusCode Code, (string Name, string Value)[] Headers)?[] answers)
    {
        public List<(string Line, string? Authorization, string? Plain)> Seen { get; } = [];

        public HttpResponseMessage Answer(HttpRequestMessage request)
        {
            Seen.Add(($"{request.Method} {request.RequestUri}", request.Headers.Authorization?.ToString(), request.Headers.TryGetValues("X-Plain", out var plain) ? plain.Single() : null));
            var (code, headers) = answers[Seen.Count - 1] ?? throw new HttpRequestException("the connection broke");
            var response = new HttpResponseMessage(code) { Content = new StringContent($"body{Seen.Count}") };
            foreach (var (name, value) in headers)
                response.Headers.TryAddWithoutValidation(name, value);
            return response;
        }
    }

    private sealed class Handler(Server server) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(server.Answer(request));
    }
}
