using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Worker;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

public sealed class HttpTriggerTests
{
    [Fact]
    public async Task Route_values_query_and_injected_services_reach_the_function()
    {
        await using var host = await StartAsync();
        Assert.Equal("""{"text":"Hello Ada Lovelace","query":"1"}""", await host.Client.GetStringAsync("/api/hello/Ada%20Lovelace?q=1"));
    }

    [Fact]
    public async Task Route_values_are_converted_and_may_be_absent()
    {
        await using var host = await StartAsync();
        var id = Guid.NewGuid();
        var put = await host.SendAsync(HttpMethod.Put, $"/api/typed/{id}/7");
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal($$"""{"method":"PUT","id":"{{id}}","count":7}""", await put.Content.ReadAsStringAsync());
        Assert.Equal($$"""{"method":"GET","id":"{{id}}","count":null}""", await (await host.GetAsync($"/api/typed/{id}")).Content.ReadAsStringAsync());
        await (await host.GetAsync($"/api/typed/{id}/seven")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "route.value");
        await (await host.GetAsync("/api/typed/no-uuid")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "route.unknown");
    }

    [Fact]
    public async Task The_route_prefix_comes_from_host_json_and_may_be_empty()
    {
        await using var host = await StartAsync("""{"version":"2.0","extensions":{"http":{"routePrefix":"","customHeaders":{"X-Frame-Options":"DENY"}}}}""");
        var answer = await host.GetAsync("/hello/x");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("DENY", Assert.Single(answer.Headers.GetValues("X-Frame-Options")));
        var problem = await host.GetAsync("/typed/2fcd4a2e-3b5c-4e7a-9f14-0d1a5c6b7e88/seven");
        Assert.Equal(HttpStatusCode.BadRequest, problem.StatusCode);
        Assert.Equal("DENY", Assert.Single(problem.Headers.GetValues("X-Frame-Options")));
    }

    [Fact]
    public async Task Unknown_routes_and_wrong_methods_are_problems_that_say_what_to_do()
    {
        await using var host = await StartAsync();
        await (await host.GetAsync("/api/unknown")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "route.unknown");
        var wrong = await host.SendAsync(HttpMethod.Delete, "/api/hello/x");
        await wrong.ShouldBeProblemAsync(HttpStatusCode.MethodNotAllowed, "method.notAllowed");
        Assert.Equal("GET", Assert.Single(wrong.Content.Headers.Allow));
    }

    [Fact]
    public async Task An_empty_answer_of_a_function_stays_as_it_is()
    {
        await using var host = await StartAsync();
        var answer = await host.GetAsync("/api/nothing");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_body_is_bound_or_refused_with_the_place_of_the_error()
    {
        await using var host = await StartAsync();
        var good = await host.Client.PostAsJsonAsync("/api/orders", new { item = "disk", count = 1 });
        Assert.Equal("""{"item":"disk","count":2}""", await good.Content.ReadAsStringAsync());

        var malformed = await host.SendAsync(HttpMethod.Post, "/api/orders", null, new StringContent("{\"item\":\"canary\",\n \"count\":x}", Encoding.UTF8, "application/json"));
        var problem = await malformed.ShouldBeProblemAsync(HttpStatusCode.BadRequest, "request.malformed");
        Assert.Contains("line 2", problem.GetProperty("detail").GetString());
        Assert.DoesNotContain("canary", problem.GetRawText());

        await (await host.SendAsync(HttpMethod.Post, "/api/orders", null, new StringContent("null", Encoding.UTF8, "application/json")))
            .ShouldBeProblemAsync(HttpStatusCode.BadRequest, "request.malformed");
        await (await host.SendAsync(HttpMethod.Post, "/api/orders", null, new StringContent("", Encoding.UTF8, "application/json")))
            .ShouldBeProblemAsync(HttpStatusCode.BadRequest, "request.malformed");
        await (await host.SendAsync(HttpMethod.Post, "/api/orders", null, new StringContent("item", Encoding.UTF8, "text/plain")))
            .ShouldBeProblemAsync(HttpStatusCode.UnsupportedMediaType, "request.mediaType");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413()
    {
        await using var host = await StartAsync();
        Assert.Equal("3", await (await host.SendAsync(HttpMethod.Post, "/api/raw", null, new StringContent("abc"))).Content.ReadAsStringAsync());
        using var content = new ByteArrayContent(new byte[(10 * 1024 * 1024) + 1]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/raw") { Content = content };

        // Asking first keeps the answer from racing with the rest of the body.
        request.Headers.ExpectContinue = true;
        await (await host.Client.SendAsync(request)).ShouldBeProblemAsync(HttpStatusCode.RequestEntityTooLarge, "request.tooLarge");
    }

    [Fact]
    public async Task An_unhandled_exception_is_a_500_without_details()
    {
        await using var host = await StartAsync();
        var problem = await (await host.GetAsync("/api/broken")).ShouldBeProblemAsync(HttpStatusCode.InternalServerError, "internal");
        Assert.DoesNotContain("canary", problem.GetRawText());
        Assert.DoesNotContain("InvalidOperation", problem.GetRawText());
        Assert.NotEmpty(problem.GetProperty("traceId").GetString()!);
    }

    [Fact]
    public async Task What_the_app_says_it_cannot_do_now_is_a_503_with_its_code_and_Retry_After()
    {
        await using var host = await RunningHost.StartAsync(builder =>
        {
            builder.Services.AddSingleton(new Greeting("Hello"));
            builder.Services.AddSingleton<IUnavailability>(new Away());
            builder.UseFunctions(typeof(SampleFunctions));
        });
        var answer = await host.Client.GetAsync(new Uri("/api/broken", UriKind.Relative));
        Assert.Equal("5", answer.Headers.RetryAfter?.ToString());
        Assert.DoesNotContain("canary", (await answer.ShouldBeProblemAsync(HttpStatusCode.ServiceUnavailable, "shop.closed")).GetRawText());
    }

    private sealed class Away : IUnavailability
    {
        public Unavailable? Find(Exception exception) => exception is InvalidOperationException ? new Unavailable("shop.closed", "It is closed.", "Come again.") : null;
    }

    [Fact]
    public async Task Probes_need_no_key_and_no_prefix()
    {
        await using var host = await RunningHost.StartAsync(builder => builder.MapAnonymous("/healthz", context => context.Response.WriteAsync("alive")));
        Assert.Equal("alive", await host.Client.GetStringAsync("/healthz"));
        await (await host.SendAsync(HttpMethod.Post, "/healthz")).ShouldBeProblemAsync(HttpStatusCode.MethodNotAllowed, "method.notAllowed");
    }

    [Fact]
    public async Task A_disabled_function_has_no_route()
    {
        await using var host = await StartAsync(environment: new() { ["AzureWebJobs.Hello.Disabled"] = "true" });
        await (await host.GetAsync("/api/hello/x")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "route.unknown");
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/api/nothing")).StatusCode);
    }

    [Fact]
    public async Task Requests_beyond_the_limits_are_answered_429()
    {
        var gate = new Gate();
        await using var host = await RunningHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(gate);
                builder.UseFunctions(typeof(GatedFunctions));
            },
            """{"version":"2.0","extensions":{"http":{"maxConcurrentRequests":1,"maxOutstandingRequests":1}}}""");
        var first = host.GetAsync("/api/Gated");
        await gate.Entered.Task;
        var second = await host.GetAsync("/api/Gated");
        await second.ShouldBeProblemAsync(HttpStatusCode.TooManyRequests, "requests.tooMany");
        Assert.Equal(TimeSpan.FromSeconds(1), second.Headers.RetryAfter?.Delta);
        gate.Open.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
    }

    [Fact]
    public async Task A_stop_lets_running_requests_finish()
    {
        var gate = new Gate();
        var host = await RunningHost.StartAsync(builder =>
        {
            builder.Services.AddSingleton(gate);
            builder.UseFunctions(typeof(GatedFunctions));
        });
        using var client = new HttpClient { BaseAddress = host.Address };
        var answer = client.GetAsync("/api/Gated");
        await gate.Entered.Task;
        var stopping = host.DisposeAsync().AsTask();
        Assert.False(stopping.IsCompleted);
        gate.Open.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await answer).StatusCode);
        await stopping;
    }

    [Theory]
    [InlineData(typeof(WrongFunctions.Unbound), "nothing binds parameter 'String other'")]
    [InlineData(typeof(WrongFunctions.WrongReturn), "returns IActionResult")]
    [InlineData(typeof(WrongFunctions.NoTrigger), "no parameter is marked")]
    [InlineData(typeof(WrongFunctions.BadRoute), "no route template")]
    [InlineData(typeof(WrongFunctions.BadName), "a name starts with a letter")]
    [InlineData(typeof(WrongFunctions.MissingService), "no such service is registered")]
    [InlineData(typeof(WrongFunctions.SameRoute), "both answer GET")]
    [InlineData(typeof(WrongFunctions.BadSchedule), "is no schedule")]
    public async Task A_function_that_could_never_be_called_stops_the_start(Type function, string mentions)
    {
        var refused = await Assert.ThrowsAsync<HostStartupException>(() => RunningHost.StartAsync(builder => builder.UseFunctions(function)));
        Assert.Contains(mentions, refused.Message);
    }

    private static Task<RunningHost> StartAsync(string hostJson = """{"version":"2.0"}""", Dictionary<string, string>? environment = null) => RunningHost.StartAsync(
        builder =>
        {
            builder.Services.AddSingleton(new Greeting("Hello"));
            builder.UseFunctions(typeof(SampleFunctions));
        },
        hostJson,
        environment: environment);

    public sealed class Gate
    {
        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public sealed class GatedFunctions(Gate gate)
    {
        [Function("Gated")]
        public async Task<IActionResult> RunAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request)
        {
            gate.Entered.TrySetResult();
            await gate.Open.Task;
            return new OkObjectResult(request.Path.Value);
        }
    }
}
