using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>POST rewind (a failed instance goes on where it failed) and restart (the same orchestrator with the same input, from the beginning).</summary>
internal sealed class InstanceRepeat(DurableTaskClient client, StartAnswers answers, IEnumerable<IRepeatGuard> guards)
{
    public async Task RewindAsync(HttpContext context, string id)
    {
        Ask(await RequireFailedAsync(id, context.RequestAborted), isRewind: true);
        try
        {
            await client.RewindInstanceAsync(id, context.Request.Query["reason"].ToString(), context.RequestAborted);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // Rewound, purged or started anew by somebody else since the look.
            await RequireFailedAsync(id, context.RequestAborted);
            throw InstanceAnswers.Conflict("instance.state", e.Message, "Look at the instance again, then decide.");
        }
        catch (NotSupportedException e)
        {
            throw new HostProblemException(new HostProblem(StatusCodes.Status501NotImplemented, "instance.notAvailable", e.Message, "Restart the instance instead."));
        }

        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    /// <summary>Query: <c>restartWithNewInstanceId</c> (default true), and <c>timeout</c> and <c>pollingInterval</c> as for a start. An unknown id is 400 here, as in the public API.</summary>
    public async Task RestartAsync(HttpContext context, string id)
    {
        var fresh = ManagementQuery.Flag(context.Request, "restartWithNewInstanceId", otherwise: true);
        var wait = StartAnswers.WaitOf(context.Request);
        if (await client.GetInstancesAsync(id, getInputsAndOutputs: false, context.RequestAborted) is { } instance)
        {
            Ask(instance, isRewind: false);
        }

        string started;
        try
        {
            started = await client.RestartAsync(id, fresh, context.RequestAborted);
        }
        catch (ArgumentException)
        {
            throw new HostProblemException(InstanceAnswers.Missing(id).Problem with { Status = StatusCodes.Status400BadRequest });
        }
        catch (Exception e) when (e is InvalidOperationException or OrchestrationAlreadyExistsException)
        {
            throw InstanceAnswers.Conflict(
                "instance.live", $"The orchestration instance {id} has not ended.", "Wait for it, terminate it, or restart it with restartWithNewInstanceId=true.");
        }
        catch (NotSupportedException e)
        {
            throw new HostProblemException(new HostProblem(StatusCodes.Status501NotImplemented, "instance.notAvailable", e.Message, "Start a new instance with the same input."));
        }

        await answers.AnswerAsync(context, started, wait);
    }

    /// <exception cref="HostProblemException">A guard refuses: 409 with its code.</exception>
    private void Ask(OrchestrationMetadata instance, bool isRewind)
    {
        foreach (var guard in guards)
        {
            if (guard.Decide(instance, isRewind) is { } refusal)
            {
                throw InstanceAnswers.Conflict(refusal.Code, refusal.Detail, refusal.Remedy);
            }
        }
    }

    private async Task<OrchestrationMetadata> RequireFailedAsync(string id, CancellationToken cancellation)
    {
        var instance = await client.GetInstancesAsync(id, getInputsAndOutputs: false, cancellation) ?? throw InstanceAnswers.Missing(id);
        if (instance.RuntimeStatus != OrchestrationRuntimeStatus.Failed)
        {
            throw new HostProblemException(new HostProblem(
                StatusCodes.Status412PreconditionFailed,
                "instance.notFailed",
                $"The orchestration instance {id} is in the {instance.RuntimeStatus} state; only a Failed one can be rewound.",
                "Restart an instance that has ended otherwise; wait for one that still runs."));
        }

        return instance;
    }
}
