using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Host.Functions;
using SnapshotWorkflows.Durable.Host.Http;
using SnapshotWorkflows.Durable.Host.Keys;
using SnapshotWorkflows.Durable.Host.Management;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>The way of a request: problems, routing, keys, endpoint.</summary>
internal static class HostPipeline
{
    public static void Map(WebApplication web, FunctionCatalog catalog, IEnumerable<(string Path, RequestDelegate Answer)> anonymous, bool hasDurableTask)
    {
        web.UseMiddleware<ProblemHandling>();
        web.UseRouting();
        web.UseMiddleware<KeyAuthentication>();
        FunctionEndpoints.Map(web, catalog);
        MapAdmin(web);
        foreach (var (path, answer) in anonymous)
        {
            web.MapGet(path, answer).WithMetadata(HostEndpoint.Instance);
        }

        if (hasDurableTask)
        {
            // Made now, so that a wrong registration stops the start.
            _ = web.Services.GetRequiredService<ManagementApi>();
            web.Map($"{ManagementUris.BasePath}/{{**path}}", context => context.RequestServices.GetRequiredService<ManagementApi>().AnswerAsync(context))
                .WithMetadata(HostEndpoint.Instance, new KeyRequirement(AuthorizationLevel.System, null));
        }
    }

    private static void MapAdmin(WebApplication web)
    {
        var time = web.Services.GetRequiredService<TimeProvider>();
        var options = web.Services.GetRequiredService<DurableTaskHostOptions>();
        var started = time.GetTimestamp();
        var version = typeof(HostPipeline).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        web.MapGet("/admin/host/status", context => InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status200OK, StatusJson.Written(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("id", options.HubName.ToLowerInvariant());
            writer.WriteString("state", "Running");
            writer.WriteString("version", version);
            writer.WriteNumber("processUptime", (long)time.GetElapsedTime(started).TotalMilliseconds);
            writer.WriteEndObject();
        }))).WithMetadata(HostEndpoint.Instance, new KeyRequirement(AuthorizationLevel.Admin, null));
    }
}
