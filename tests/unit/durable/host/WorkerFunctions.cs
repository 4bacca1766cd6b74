using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Functions.Worker.Http;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>Functions in every form that the isolated worker's users write.</summary>
public sealed class WorkerFunctions(Greeting greeting)
{
    [Function("GreetMany")]
    public static async Task<string[]> GreetManyAsync([OrchestrationTrigger] TaskOrchestrationContext context, string[] names)
    {
        ArgumentNullException.ThrowIfNull(context);
        return await Task.WhenAll(names.Select(name => context.CallActivityAsync<string>("Greet", name)));
    }

    [Function("NoInput")]
    public static async Task<int> NoInputAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return await context.CallActivityAsync<int>("Length", context.GetInput<string>());
    }

    [Function("Greet")]
    public string Greet([ActivityTrigger] string name, FunctionContext context, string instanceId)
    {
        ArgumentNullException.ThrowIfNull(context);
        return $"{greeting.Text} {name} from {context.FunctionDefinition.Name} for {instanceId}";
    }

    [Function("Length")]
    public static ValueTask<int> LengthAsync([ActivityTrigger] string text, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return ValueTask.FromResult(text?.Length ?? -1);
    }

    [Function("StartGreeting")]
    public static async Task<HttpResponseData> StartAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "greetings")] HttpRequestData request, [DurableClient] DurableTaskClient client, FunctionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var names = await request.ReadFromJsonAsync<string[]>(context.CancellationToken);
        var id = await client.ScheduleNewOrchestrationInstanceAsync("GreetMany", names, context.CancellationToken);
        return await client.CreateCheckStatusResponseAsync(request, id, context.CancellationToken);
    }

    [Function("StartAndWait")]
    public static async Task<HttpResponseData> StartAndWaitAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "waits/{name}")] HttpRequestData request,
        string name,
        [FromQuery(Name = "patience")] double? seconds,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var id = await client.ScheduleNewOrchestrationInstanceAsync(name, request.Query["input"], cancellation);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds ?? 20));
        return await client.WaitForCompletionOrCreateCheckStatusResponseAsync(request, id, returnInternalServerErrorOnFailure: true, getInputsAndOutputs: true, cancellation: deadline.Token);
    }

    [Function("Minimal")]
    public static IResult Minimal([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "minimal/{id:int:min(10)}")] HttpRequest request, int id, [FromHeader(Name = "X-Mode")] string? mode)
    {
        _ = request;
        return Results.Json(new { id, mode }, statusCode: 203);
    }

    [Function("Direct")]
    public static async Task DirectAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "direct")] HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.HttpContext.Response.StatusCode = 206;
        await request.HttpContext.Response.WriteAsync("written by hand");
    }

    [Function("Plain")]
    public static async Task<HttpResponseData> PlainAsync([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "plain")] HttpRequestData request, [SnapshotWorkflows.Functions.Worker.Http.FromBody] Order order)
    {
        var response = request.CreateResponse(HttpStatusCode.Conflict);
        response.Headers.Add("X-Order", order?.Item ?? "");
        await response.WriteStringAsync($"{request.Method} {request.Url.AbsolutePath} {request.Identities.Count()}");
        return response;
    }
}
