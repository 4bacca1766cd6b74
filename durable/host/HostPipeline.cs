using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Host.Admin;
using SnapshotWorkflows.Durable.Host.Functions;
using SnapshotWorkflows.Durable.Host.Http;
using SnapshotWorkflows.Durable.Host.Keys;
using SnapshotWorkflows.Durable.Host.Management;
using SnapshotWorkflows.Durable.Host.Metrics;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>The way of a request: problems, routing, keys, endpoint.</summary>
internal static class HostPipeline
{
    public static void Map(WebApplication web, FunctionCatalog catalog, IEnumerable<(string Path, RequestDelegate Answer)> anonymous, bool hasDurableTask)
    {
        _ = web.Services.GetRequiredService<RequestTraces>();
        web.UseMiddleware<ProblemHandling>();
        web.UseRouting();
        web.UseMiddleware<KeyAuthentication>();
        FunctionEndpoints.Map(web, catalog);
        HostRoutes.Map(web);
        KeyRoutes.Map(web);
        MetricsRoute.Map(web);
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
}
