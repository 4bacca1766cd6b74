using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>What the sample functions are given by injection.</summary>
public sealed class Greeting(string text)
{
    public string Text { get; } = text;
}

public sealed record Order(string Item, int Count);

/// <summary>Functions of the host's tests.</summary>
public sealed class SampleFunctions(Greeting greeting)
{
    [Function("Hello")]
    public IActionResult Hello([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "hello/{name}")] HttpRequest request, string name) =>
        new OkObjectResult(new { Text = $"{greeting.Text} {name}", Query = request.Query["q"].ToString() });

    [Function("Typed")]
    public static Task<IActionResult> TypedAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, Route = "typed/{id:guid}/{count?}")] HttpRequest request, Guid id, int? count, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult<IActionResult>(new ObjectResult(new { request.Method, id, count }) { StatusCode = 201 });
    }

    [Function("Guarded")]
    public IActionResult Guarded([HttpTrigger(AuthorizationLevel.Function, "get", "post")] HttpRequest request)
    {
        var user = request.HttpContext.User;
        return new OkObjectResult(new { user.Identity?.Name, Operator = user.IsInRole("operator"), Role = user.FindFirst(ClaimTypes.Role)?.Value });
    }

    [Function("AdminOnly")]
    public IActionResult AdminOnly([HttpTrigger(AuthorizationLevel.Admin, "get", Route = "admins")] HttpRequest request) => new OkObjectResult(request.Path.Value);

    [Function("Body")]
    public IActionResult Body([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "orders")] HttpRequest request, [FromBody] Order order)
    {
        _ = request;
        return new OkObjectResult(order with { Count = order.Count + 1 });
    }

    [Function("Raw")]
    public async Task<IActionResult> RawAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "raw")] HttpRequest request, CancellationToken cancellation)
    {
        using var copy = new MemoryStream();
        await request.Body.CopyToAsync(copy, cancellation);
        return new ContentResult { Content = $"{copy.Length}", ContentType = "text/plain", StatusCode = 200 };
    }

    [Function("EmptyNotFound")]
    public IActionResult EmptyNotFound([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "nothing")] HttpRequest request)
    {
        _ = request;
        return new NotFoundResult();
    }

    [Function("Broken")]
    public IActionResult Broken([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "broken")] HttpRequest request) =>
        throw new InvalidOperationException($"password=hunter2-canary {request.Path}");
}
