using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Client;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>POST raiseEvent, terminate, suspend, resume: 202 once the message to the instance is committed.</summary>
internal sealed class InstanceCommands(DurableTaskClient client, TerminateGuards guards, EntityGuards entityGuards)
{
    public async Task RaiseEventAsync(HttpContext context, string id, string eventName)
    {
        try
        {
            RequestBody.RequireJson(context.Request);
        }
        catch (HostProblemException e)
        {
            // The public API says 400 here, not 415.
            throw new HostProblemException(e.Problem with { Status = StatusCodes.Status400BadRequest });
        }

        var json = await RequestBody.ReadTokenAsync(context.Request);
        await LiveAsync(id, context.RequestAborted);
        JsonElement? payload = null;
        if (json is not null)
        {
            using var document = JsonDocument.Parse(json);
            payload = document.RootElement.Clone();
        }

        await SteerAsync(
            id,
            async () =>
            {
                if (client is not EngineClient engine)
                {
                    await client.RaiseEventAsync(id, eventName, payload, context.RequestAborted);
                }
                else if (!await engine.TryRaiseEventAsync(id, eventName, payload, context.RequestAborted))
                {
                    // It ended after the look: the second look says so.
                    throw new InvalidOperationException();
                }
            },
            context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    /// <summary>
    /// Query: <c>reason</c>; <c>recursive</c> (default true: children end with their parent, where the public API leaves them running); <c>force</c>,
    /// which only a guard looks at.
    /// </summary>
    public async Task TerminateAsync(HttpContext context, string id)
    {
        var reason = ReasonOf(context.Request);
        var recursive = ManagementQuery.Flag(context.Request, "recursive", otherwise: true);
        var request = new TerminateRequest(reason, ManagementQuery.Flag(context.Request, "force", otherwise: false));
        var instance = await LiveAsync(id, context.RequestAborted);
        if (!await guards.AskAsync(instance, request, context.RequestAborted))
        {
            await SteerAsync(id, () => client.TerminateInstanceAsync(id, new TerminateInstanceOptions(reason, recursive), context.RequestAborted), context.RequestAborted);
        }

        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    public async Task SuspendAsync(HttpContext context, string id)
    {
        var instance = await LiveAsync(id, context.RequestAborted);
        if (instance.RuntimeStatus == OrchestrationRuntimeStatus.Suspended)
        {
            throw InstanceAnswers.Conflict("instance.suspended", $"The orchestration instance {id} is suspended already.", "Nothing is left to do; resume lets it go on.");
        }

        await SteerAsync(id, () => client.SuspendInstanceAsync(id, ReasonOf(context.Request), context.RequestAborted), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    public async Task ResumeAsync(HttpContext context, string id)
    {
        var instance = await LiveAsync(id, context.RequestAborted);
        if (instance.RuntimeStatus != OrchestrationRuntimeStatus.Suspended)
        {
            throw InstanceAnswers.Conflict("instance.notSuspended", $"The orchestration instance {id} is in the {instance.RuntimeStatus} state.", "Only a suspended instance can be resumed.");
        }

        await SteerAsync(id, () => client.ResumeInstanceAsync(id, ReasonOf(context.Request), context.RequestAborted), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private static string? ReasonOf(HttpRequest request)
    {
        var reason = request.Query["reason"].ToString();
        return reason.Length == 0 ? null : reason;
    }

    private async Task<OrchestrationMetadata> LiveAsync(string id, CancellationToken cancellation)
    {
        var instance = await client.GetInstancesAsync(id, getInputsAndOutputs: true, cancellation) ?? throw InstanceAnswers.Missing(id);
        if (EntityIds.IsEntity(id))
        {
            entityGuards.Ask(EntityInstanceId.FromString(id));
        }

        return InstanceAnswers.HasEnded(instance.RuntimeStatus) ? throw InstanceAnswers.Ended(instance) : instance;
    }

    /// <summary>The instance may have moved on between the look and the call: then the engine refuses, and a second look says why.</summary>
    private async Task SteerAsync(string id, Func<Task> command, CancellationToken cancellation)
    {
        try
        {
            await command();
        }
        catch (Exception e) when (e is InvalidOperationException || (e is ArgumentException and not PayloadTooLargeException))
        {
            var now = await LiveAsync(id, cancellation);
            throw e is InvalidOperationException
                ? InstanceAnswers.Conflict("instance.state", $"The orchestration instance {id} is in the {now.RuntimeStatus} state.", "Look at the instance again, then decide.")
                : new HostProblemException(new HostProblem(StatusCodes.Status400BadRequest, "request.invalid", e.Message, "Correct the request."));
        }
    }
}
