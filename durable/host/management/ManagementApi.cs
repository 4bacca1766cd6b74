using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>
/// The HTTP management API of Durable Functions, below <see cref="ManagementUris.BasePath"/>. Paths, names, casing and codes are those of the public
/// extension; where it answers an opaque 500, this one answers 409 with a reason. Errors are problem details.
/// </summary>
internal sealed class ManagementApi(InstanceQueries queries, InstanceCommands commands, InstancePurge purge, InstanceStart start, InstanceRepeat repeat, EntityRoutes entities, DurableTaskHostOptions options)
{
    public Task AnswerAsync(HttpContext context)
    {
        var hub = context.Request.Query["taskHub"].ToString();
        if (hub.Length > 0 && !hub.Equals(options.HubName, StringComparison.OrdinalIgnoreCase))
        {
            throw new HostProblemException(new HostProblem(
                StatusCodes.Status400BadRequest, "taskHub.unknown", $"This host runs task hub '{options.HubName}', not '{hub}'.", "Leave taskHub out, or ask the host of that hub."));
        }

        // Wrong verbs are 404 here, not 405: what clients of the public API know.
        var path = SegmentsOf(context);
        return (context.Request.Method.ToUpperInvariant(), path) switch
        {
            ("GET", ["instances"]) => queries.ListAsync(context),
            ("GET", ["instances", var id]) => queries.GetAsync(context, id),
            ("DELETE", ["instances"]) => purge.PurgeManyAsync(context),
            ("DELETE", ["instances", var id]) => purge.PurgeOneAsync(context, id),
            ("POST", ["instances", var id, "raiseevent", var name]) => commands.RaiseEventAsync(context, id, name),
            ("POST", ["instances", var id, "terminate"]) => commands.TerminateAsync(context, id),
            ("POST", ["instances", var id, "suspend"]) => commands.SuspendAsync(context, id),
            ("POST", ["instances", var id, "resume"]) => commands.ResumeAsync(context, id),
            ("POST", ["instances", var id, "rewind"]) => repeat.RewindAsync(context, id),
            ("POST", ["instances", var id, "restart"]) => repeat.RestartAsync(context, id),
            ("GET", ["entities"]) => entities.ListAsync(context, null),
            ("GET", ["entities", var name]) => entities.ListAsync(context, name),
            ("GET", ["entities", var name, var key]) => entities.GetAsync(context, name, key),
            ("POST", ["entities", var name, var key]) => entities.SignalAsync(context, name, key, context.Request.Query["op"].ToString()),
            ("DELETE", ["entities", var name, var key]) => entities.SignalAsync(context, name, key, "delete"),
            // Hands over an app's lease between regions; nodes of a hub here are all equal, so there is nothing to do.
            ("POST", ["makeprimary"]) => Task.CompletedTask,
            ("POST", ["orchestrators", var name]) => start.StartAsync(context, name, null),
            ("POST", ["orchestrators", var name, var id]) => start.StartAsync(context, name, id),
            _ => throw new HostProblemException(new HostProblem(
                StatusCodes.Status404NotFound, "route.unknown", "The management API has no such path and method.", "See the Durable Functions HTTP API reference.")),
        };
    }

    /// <summary>
    /// The path below the base, split before it is decoded: an event name may hold an encoded slash. Fixed words are matched without regard to case,
    /// so those at their places come out in lower case.
    /// </summary>
    internal static string[] SegmentsOf(HttpContext context)
    {
        var raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var path = raw.Split('?', 2)[0];
        if (!path.StartsWith('/') && Uri.TryCreate(path, UriKind.Absolute, out var absolute))
        {
            path = absolute.AbsolutePath;
        }

        var baseSegments = ManagementUris.BasePath.Split('/', StringSplitOptions.RemoveEmptyEntries).Length;
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Skip(baseSegments).Select(Uri.UnescapeDataString).ToArray();
        if (segments.Length > 0)
        {
            segments[0] = segments[0].ToLowerInvariant();
        }

        if (segments is ["instances", _, _, ..])
        {
            segments[2] = segments[2].ToLowerInvariant();
        }

        return segments;
    }
}
