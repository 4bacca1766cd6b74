using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>POST orchestrators/{name}[/{id}]: starts an instance; with <c>timeout</c> and <c>pollingInterval</c> it waits for the end as well.</summary>
internal sealed class InstanceStart(
    DurableTaskClient client, ManagementUris uris, DurableTaskRegistry registry, DurableTaskHostOptions options, TimeProvider time)
{
    private const int MaxIdLength = 256;

    public async Task StartAsync(HttpContext context, string name, string? id)
    {
        var request = context.Request;
        var timeout = ManagementQuery.Seconds(request, "timeout");
        var interval = ManagementQuery.Seconds(request, "pollingInterval");
        if (timeout is not null && interval > timeout)
        {
            throw Invalid("query.invalid", "pollingInterval is longer than timeout.", "Poll at least once within the timeout.");
        }

        if (registry.FindOrchestrator(name, null) is null)
        {
            throw Invalid("orchestrator.unknown", $"The orchestrator '{name}' is not registered.", "Check the name; it is the class name or the one in [DurableTask].");
        }

        if (id is not null && Fault(id) is { } fault)
        {
            throw Invalid("instance.id", $"The instance id {fault}.", $"Use 1 to {MaxIdLength} characters without / \\ # ? and control characters, not starting with @; or leave the id out.");
        }

        var json = await RequestBody.ReadTokenAsync(request);
        JsonElement? input = null;
        if (json is not null)
        {
            using var document = JsonDocument.Parse(json);
            input = document.RootElement.Clone();
        }

        // 32 hex digits, as the public API makes them.
        id ??= Guid.NewGuid().ToString("N");
        var start = new StartOrchestrationOptions(id) { DedupeStatuses = options.OverrideRunningInstances ? [] : null };
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(name, input, start, context.RequestAborted);
        }
        catch (OrchestrationAlreadyExistsException)
        {
            throw InstanceAnswers.Conflict("instance.exists", $"An instance with ID '{id}' exists and has not ended.", "Wait for it, terminate it, or use another id.");
        }

        if (timeout is { } limit && interval is not null && await EndedWithinAsync(id, limit, context.RequestAborted) is { } ended)
        {
            await AnswerEndedAsync(context, ended);
            return;
        }

        await AnswerCheckStatusAsync(context, id);
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
            return InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status200OK, System.Text.Encoding.UTF8.GetBytes(string.IsNullOrEmpty(output) ? "null" : output));
        }

        return InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status200OK, StatusJson.WriteOne(instance, null, new StatusView(ShowInput: true, ShowHistoryOutput: false)));
    }

    private Task AnswerCheckStatusAsync(HttpContext context, string id)
    {
        var payload = uris.Create(id);
        context.Response.Headers.Location = payload.StatusQueryGetUri;
        context.Response.Headers.RetryAfter = "10";
        return InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status202Accepted, JsonSerializer.SerializeToUtf8Bytes(payload));
    }

    private static string? Fault(string id)
    {
        if (id.Length is 0 or > MaxIdLength)
        {
            return $"has {id.Length} characters";
        }

        if (id[0] == '@')
        {
            return "starts with @, as ids of entities do";
        }

        return id.Any(c => c is '/' or '\\' or '#' or '?' || char.IsControl(c)) ? "holds a character that is not allowed" : null;
    }

    private static HostProblemException Invalid(string code, string detail, string remedy) =>
        new(new HostProblem(StatusCodes.Status400BadRequest, code, detail, remedy));
}
