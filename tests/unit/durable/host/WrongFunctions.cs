using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>Declarations that the host must refuse, each alone in its class.</summary>
public static class WrongFunctions
{
    public sealed class Unbound
    {
        [Function("Unbound")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "x/{id}")] HttpRequest request, string other) => new OkObjectResult(request.Path + other);
    }

    public sealed class WrongReturn
    {
        [Function("WrongReturn")]
        public string Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => request.Path;
    }

    public sealed class NoTrigger
    {
        [Function("NoTrigger")]
        public IActionResult Run(HttpRequest request) => new OkObjectResult(request.Path);
    }

    public sealed class BadRoute
    {
        [Function("BadRoute")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "x/{id")] HttpRequest request) => new OkObjectResult(request.Path);
    }

    public sealed class BadName
    {
        [Function("1 name")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => new OkObjectResult(request.Path);
    }

    public sealed class MissingService(IFormatProvider missing)
    {
        [Function("MissingService")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => new OkObjectResult(request.Path + missing.ToString());
    }

    public sealed class SameRoute
    {
        [Function("First")]
        public IActionResult First([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "things/{id}")] HttpRequest request) => new OkObjectResult(request.Path);

        [Function("Second")]
        public IActionResult Second([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "things/{name}")] HttpRequest request) => new OkObjectResult(request.Path);
    }

    public sealed class BadSchedule
    {
        [Function("BadSchedule")]
        public void Run([TimerTrigger("every day")] TimerInfo timer) => ArgumentNullException.ThrowIfNull(timer);
    }
}
