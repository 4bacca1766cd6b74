using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>Answers that several routes of the management API share.</summary>
internal static class InstanceAnswers
{
    /// <summary>No turn of the instance will run any more.</summary>
    public static bool HasEnded(OrchestrationRuntimeStatus status) => status is
        OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated or OrchestrationRuntimeStatus.Canceled;

    public static HostProblemException Missing(string id) => new(new HostProblem(
        StatusCodes.Status404NotFound, "instance.missing", $"No instance with ID '{id}' was found.", "Check the id; an ended instance may have been purged."));

    public static HostProblemException Ended(OrchestrationMetadata instance) => new(new HostProblem(
        StatusCodes.Status410Gone, "instance.ended", $"The orchestration instance {instance.InstanceId} is in the {instance.RuntimeStatus} state.", "Start a new instance; an ended one cannot be steered."));

    public static HostProblemException Conflict(string code, string detail, string remedy) =>
        new(new HostProblem(StatusCodes.Status409Conflict, code, detail, remedy));

    public static async Task WriteJsonAsync(HttpContext context, int status, ReadOnlyMemory<byte> json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = json.Length;
        await context.Response.Body.WriteAsync(json, context.RequestAborted);
    }

    /// <summary>The address that was asked for, as the caller sees it: what to poll next.</summary>
    public static string RequestUri(HttpContext context, PublicOrigin origin)
    {
        // As it came: decoding and encoding again would change ids that hold a percent sign.
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var pathAndQuery = raw.StartsWith('/') ? raw : $"{context.Request.Path}{context.Request.QueryString}";
        return origin.Find() is { } known ? $"{known.GetLeftPart(UriPartial.Authority)}{pathAndQuery}" : pathAndQuery;
    }
}
