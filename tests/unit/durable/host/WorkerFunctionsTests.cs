using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Worker;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

public sealed class WorkerFunctionsTests
{
    [Fact]
    public async Task Functions_can_be_orchestrators_and_activities()
    {
        await using var host = await StartAsync();
        var started = await host.Host.Client.PostAsJsonAsync("/api/greetings", new[] { "Ada", "Grace" });
        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);
        Assert.Equal("application/json", started.Content.Headers.ContentType?.MediaType);
        Assert.Null(started.Headers.RetryAfter);
        var payload = await ManagementHost.JsonAsync(started);
        var id = payload.GetProperty("id").GetString()!;
        Assert.Equal(payload.GetProperty("statusQueryGetUri").GetString(), started.Headers.Location?.OriginalString);
        var ended = await host.EndedAsync(id);
        Assert.Equal($"""["Hello Ada from Greet for {id}","Hello Grace from Greet for {id}"]""", ended.SerializedOutput);

        await host.StartInstanceAsync("noinput", "four", "n");
        Assert.Equal("4", (await host.EndedAsync("n")).SerializedOutput);
    }

    [Fact]
    public async Task A_function_may_wait_for_the_end_or_answer_where_to_look()
    {
        await using var host = await StartAsync();
        var done = await host.Host.Client.PostAsync("/api/waits/Echo?input=x", null);
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        var body = await ManagementHost.JsonAsync(done);
        Assert.Equal(
            ["Name", "InstanceId", "CreatedAt", "LastUpdatedAt", "RuntimeStatus", "SerializedInput", "SerializedOutput", "SerializedCustomStatus"],
            body.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("Completed", "\"x\""), (body.GetProperty("RuntimeStatus").GetString(), body.GetProperty("SerializedOutput").GetString()));
        Assert.Equal(HttpStatusCode.InternalServerError, (await host.Host.Client.PostAsync("/api/waits/Failing?input=x", null)).StatusCode);
        var late = await host.Host.Client.PostAsync("/api/waits/Waiter?input=x&patience=0.05", null);
        Assert.Equal(HttpStatusCode.Accepted, late.StatusCode);
        Assert.NotNull(late.Headers.Location);
        await (await host.Host.Client.PostAsync("/api/waits/Echo?patience=soon", null)).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "query.value");
    }

    [Fact]
    public async Task Answers_take_every_form_of_the_worker()
    {
        await using var host = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/minimal/12");
        request.Headers.Add("X-Mode", "fast");
        var minimal = await host.Host.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.NonAuthoritativeInformation, """{"id":12,"mode":"fast"}"""), (minimal.StatusCode, await minimal.Content.ReadAsStringAsync()));
        await (await host.Host.GetAsync("/api/minimal/9")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "route.unknown");

        var direct = await host.Host.GetAsync("/api/direct");
        Assert.Equal((HttpStatusCode.PartialContent, "written by hand"), (direct.StatusCode, await direct.Content.ReadAsStringAsync()));

        var plain = await host.Host.SendAsync(HttpMethod.Put, "/api/plain", content: new StringContent("""{"item":"disk","count":1}""", Encoding.UTF8, "application/json"));
        Assert.Equal((HttpStatusCode.Conflict, "PUT /api/plain 1", "disk"), (plain.StatusCode, await plain.Content.ReadAsStringAsync(), plain.Headers.GetValues("X-Order").Single()));
    }

    [Fact]
    public async Task The_admin_routes_tell_of_functions_and_run_timers_now()
    {
        var ran = new Ran();
        await using var host = await StartAsync(builder =>
        {
            builder.Services.AddSingleton(ran);
            builder.UseFunctions(typeof(Yearly));
        });
        var functions = await ManagementHost.JsonAsync(await host.Host.GetAsync("/admin/functions", host.Host.MasterKey));
        var types = functions.EnumerateArray().ToDictionary(f => f.GetProperty("name").GetString()!, f => f.GetProperty("config").GetProperty("bindings")[0].GetProperty("type").GetString());
        Assert.Equal(
            ("orchestrationTrigger", "activityTrigger", "httpTrigger", "timerTrigger"), (types["GreetMany"], types["Greet"], types["Direct"], types["Yearly"]));
        Assert.Equal("api/direct", (await ManagementHost.JsonAsync(await host.Host.GetAsync("/admin/functions/direct", host.Host.MasterKey))).GetProperty("config").GetProperty("bindings")[0].GetProperty("route").GetString());

        Assert.Equal(HttpStatusCode.Accepted, (await RunAsync(host, "yearly")).StatusCode);
        Assert.False((await ran.Timer.Task.WaitAsync(TimeSpan.FromSeconds(20))).IsPastDue);
        var refused = await (await RunAsync(host, "GreetMany")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "function.notInvocable");
        Assert.Contains("/runtime/webhooks/durabletask/orchestrators/GreetMany", refused.GetProperty("remedy").GetString());
        await (await RunAsync(host, "Direct")).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "function.notInvocable");
        await (await RunAsync(host, "Nobody")).ShouldBeProblemAsync(HttpStatusCode.NotFound, "function.unknown");
        Assert.Equal(HttpStatusCode.OK, (await host.Host.GetAsync("/admin/host/ping")).StatusCode);
    }

    [Theory]
    [InlineData(typeof(ClientInOrchestrator), "client")]
    [InlineData(typeof(TwoInputs), "both be the input")]
    [InlineData(typeof(WrongContext), "binds to TaskOrchestrationContext only")]
    [InlineData(typeof(Twice), "registered already")]
    public async Task A_durable_function_that_cannot_work_stops_the_start(Type functions, string mentions)
    {
        var refused = await Assert.ThrowsAsync<HostStartupException>(() => ManagementHost.StartAsync(builder => builder.UseFunctions(functions)));
        Assert.Contains(mentions, refused.Message);
    }

    [Fact]
    public async Task Durable_functions_without_a_hub_stop_the_start()
    {
        var refused = await Assert.ThrowsAsync<HostStartupException>(() => RunningHost.StartAsync(builder =>
        {
            builder.Services.AddSingleton(new Greeting("Hello"));
            builder.UseFunctions(typeof(WorkerFunctions));
        }));
        Assert.Contains("needs a task hub", refused.Message);
    }

    [Fact]
    public async Task The_trace_of_a_request_goes_on_in_the_instance_that_it_starts()
    {
        await using var host = await StartAsync();
        const string Trace = "0af7651916cd43dd8448eb211c80319c";
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{ManagementHost.Base}/orchestrators/Waiter/traced");
        request.Headers.Add("x-functions-key", host.Host.SystemKey);
        request.Headers.Add("traceparent", $"00-{Trace}-b7ad6b7169203331-01");
        request.Headers.Add("tracestate", "vendor=1,other=2");
        Assert.Equal(HttpStatusCode.Accepted, (await host.Host.Client.SendAsync(request)).StatusCode);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await host.Client.WaitForInstanceStartAsync("traced", false, patience.Token);
        var history = await host.Client.GetOrchestrationHistoryAsync("traced");
        var start = history.OfType<SnapshotWorkflows.Durable.History.ExecutionStartedEvent>().Single();
        Assert.Contains(Trace, start.ParentTraceContext);
        Assert.Equal("vendor=1,other=2", start.ParentTraceState);
    }

    private static Task<HttpResponseMessage> RunAsync(ManagementHost host, string function) =>
        host.Host.SendAsync(HttpMethod.Post, $"/admin/functions/{function}", host.Host.MasterKey, new StringContent("{}", Encoding.UTF8, "application/json"));

    private static Task<ManagementHost> StartAsync(Action<FunctionsHostBuilder>? configure = null) => ManagementHost.StartAsync(builder =>
    {
        builder.Services.AddSingleton(new Greeting("Hello"));
        builder.UseFunctions(typeof(WorkerFunctions));
        configure?.Invoke(builder);
    });

    public sealed class Ran
    {
        public TaskCompletionSource<TimerInfo> Timer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public sealed class Yearly(Ran ran)
    {
        [Function("Yearly")]
        public void Run([TimerTrigger("0 0 0 1 1 *")] TimerInfo timer) => ran.Timer.TrySetResult(timer);
    }

    public sealed class ClientInOrchestrator
    {
        [Function("ClientInOrchestrator")]
        public static Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context, [DurableClient] DurableTaskClient client) => Task.FromResult((context, client));
    }

    public sealed class TwoInputs
    {
        [Function("TwoInputs")]
        public static string Run([ActivityTrigger] string one, string two) => one + two;
    }

    public sealed class WrongContext
    {
        [Function("WrongContext")]
        public static Task RunAsync([OrchestrationTrigger] string context) => Task.FromResult(context);
    }

    public sealed class Twice
    {
        [Function("Echo")]
        public static Task<string> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context) => Task.FromResult(context?.InstanceId ?? "");
    }
}
