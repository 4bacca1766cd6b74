using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Host.Functions;
using SnapshotWorkflows.Durable.Host.Http;
using SnapshotWorkflows.Durable.Host.Keys;
using SnapshotWorkflows.Durable.Host.Management;
using SnapshotWorkflows.Durable.Host.Timers;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Admin;

/// <summary>
/// What an operator asks a Functions host: <c>GET /admin/host/status</c>, <c>GET /admin/host/ping</c> (anonymous), <c>GET /admin/functions[/{name}]</c>, and
/// <c>POST /admin/functions/{name}</c>, which runs a timer function now.
/// </summary>
internal sealed class HostRoutes(FunctionCatalog catalog, TimerService timers, DurableTaskHostOptions options, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var routes = ActivatorUtilities.CreateInstance<HostRoutes>(endpoints.ServiceProvider);
        endpoints.MapGet("/admin/host/ping", static () => Task.CompletedTask).WithMetadata(HostEndpoint.Instance, new KeyRequirement(AuthorizationLevel.Anonymous, null));
        Guard(endpoints.MapGet("/admin/host/status", routes.StatusAsync));
        Guard(endpoints.MapGet("/admin/functions", routes.ListAsync));
        Guard(endpoints.MapGet("/admin/functions/{name}", routes.GetAsync));
        Guard(endpoints.MapPost("/admin/functions/{name}", routes.RunAsync));

        static void Guard(IEndpointConventionBuilder endpoint) => endpoint.WithMetadata(HostEndpoint.Instance, new KeyRequirement(AuthorizationLevel.Admin, null));
    }

    private Task StatusAsync(HttpContext context)
    {
        var version = typeof(HostRoutes).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        return AnswerAsync(context, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("id", options.HubName.ToLowerInvariant());
            writer.WriteString("state", "Running");
            writer.WriteString("version", version);
            writer.WriteNumber("processUptime", (long)time.GetElapsedTime(_started).TotalMilliseconds);
            writer.WriteEndObject();
        });
    }

    private Task ListAsync(HttpContext context) => AnswerAsync(context, writer =>
    {
        writer.WriteStartArray();
        foreach (var function in catalog.Descriptions)
        {
            Write(writer, function);
        }

        writer.WriteEndArray();
    });

    private Task GetAsync(HttpContext context)
    {
        var function = Find(context);
        return AnswerAsync(context, writer => Write(writer, function));
    }

    private Task RunAsync(HttpContext context)
    {
        var function = Find(context);
        if (function.IsDisabled || !timers.Run(function.Name))
        {
            throw new HostProblemException(new HostProblem(
                StatusCodes.Status400BadRequest,
                "function.notInvocable",
                function.IsDisabled ? $"Function '{function.Name}' is disabled." : $"Function '{function.Name}' has a {function.Trigger}, which this route does not run.",
                function.Trigger switch
                {
                    "httpTrigger" => "Call the function's own route.",
                    "orchestrationTrigger" => $"POST {ManagementUris.BasePath}/orchestrators/{function.Name} starts an instance.",
                    "entityTrigger" => $"POST {ManagementUris.BasePath}/entities/{function.Name}/{{key}}?op={{operation}} signals an entity.",
                    "activityTrigger" => "Start an orchestrator that calls it.",
                    _ => "Enable it first.",
                }));
        }

        context.Response.StatusCode = StatusCodes.Status202Accepted;
        return Task.CompletedTask;
    }

    private FunctionDescription Find(HttpContext context)
    {
        var name = (string)context.GetRouteValue("name")!;
        return catalog.Descriptions.FirstOrDefault(function => function.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? throw new HostProblemException(new HostProblem(
            StatusCodes.Status404NotFound, "function.unknown", $"This app has no function '{name}'.", "GET /admin/functions lists them."));
    }

    private static void Write(Utf8JsonWriter writer, FunctionDescription function)
    {
        writer.WriteStartObject();
        writer.WriteString("name", function.Name);
        writer.WriteBoolean("isDisabled", function.IsDisabled);
        writer.WriteString("entryPoint", function.EntryPoint);
        writer.WriteStartObject("config");
        writer.WriteStartArray("bindings");
        writer.WriteStartObject();
        writer.WriteString("type", function.Trigger);
        writer.WriteString("direction", "in");
        if (function.Route is not null)
        {
            writer.WriteString("route", function.Route);
        }

        if (function.Schedule is not null)
        {
            writer.WriteString("schedule", function.Schedule);
        }

        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static Task AnswerAsync(HttpContext context, Action<Utf8JsonWriter> write) =>
        InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status200OK, StatusJson.Written(write));
}
