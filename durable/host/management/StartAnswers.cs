using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>
/// What a start and a restart answer: 202 with the addresses of the instance, or, with <c>timeout</c> and <c>pollingInterval</c> (seconds), its end if it comes in time.
/// The engine tells of the end, so the interval is only checked.
/// </summary>
internal sealed class StartAnswers(DurableTaskClient client, ManagementUris uris, TimeProvider time)
{
    /// <returns>How long the caller wants to wait; null = not at all.</returns>
    public static TimeSpan? WaitOf(HttpRequest request)
    {
        var timeout = ManagementQuery.Seconds(request, "timeout");
        var interval = ManagementQuery.Seconds(request, "pollingInterval");
        return timeout is not null && interval > timeout
            ? throw new HostProblemException(new HostProblem(StatusCodes.Status400BadRequest, "query.invalid", "pollingInterval is longer than timeout.", "Poll at least once within the timeout."))
            : interval is null ? null : timeout;
    }

    public async Task AnswerAsync(HttpContext context, string id, TimeSpan? wait)
    {
        if (wait is { } limit && await EndedWithinAsync(id, limit, context.RequestAborted) is { } ended)
        {
            await AnswerEndedAsync(context, ended);
            return;
        }

        var payload = uris.Create(id);
        context.Response.Headers.Location = payload.StatusQueryGetUri;
        context.Response.Headers.RetryAfter = "10";
        await InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status202Accepted, JsonSerializer.SerializeToUtf8Bytes(payload));
    }

    private async Task<OrchestrationMetadata?> EndedWithinAsync(string id, TimeSpan limit, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            return await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, linked.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Completed: the bare output. Ended otherwise: the status object.</summary>
    private static Task AnswerEndedAsync(HttpContext context, OrchestrationMetadata instance)
    {
        if (instance.RuntimeStatus == OrchestrationRuntimeStatus.Completed)
        {
            var output = instance.SerializedOutput;
            return InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status200OK, Encoding.UTF8.GetBytes(string.IsNullOrEmpty(output) ? "null" : output));
        }

        return InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status200OK, StatusJson.WriteOne(instance, null, new StatusView(ShowInput: true, ShowHistoryOutput: false)));
    }
}
