using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>DELETE one ended instance, or all of a time span: history, payloads and all.</summary>
internal sealed class InstancePurge(DurableTaskClient client, EntityGuards guards, TimeProvider time)
{
    public async Task PurgeOneAsync(HttpContext context, string id)
    {
        var instance = await client.GetInstancesAsync(id, getInputsAndOutputs: false, context.RequestAborted) ?? throw InstanceAnswers.Missing(id);
        if (EntityIds.IsEntity(id))
        {
            guards.Ask(EntityInstanceId.FromString(id));
        }
        else if (!InstanceAnswers.HasEnded(instance.RuntimeStatus))
        {
            throw NotEnded(instance);
        }

        PurgeResult result;
        try
        {
            result = await client.PurgeInstanceAsync(id, (PurgeInstanceOptions?)null, context.RequestAborted);
        }
        catch (InvalidOperationException)
        {
            // Started anew under the same id since the look.
            throw NotEnded(await client.GetInstancesAsync(id, getInputsAndOutputs: false, context.RequestAborted) ?? throw InstanceAnswers.Missing(id));
        }

        await AnswerAsync(context, result.PurgedInstanceCount > 0 ? result.PurgedInstanceCount : throw InstanceAnswers.Missing(id));
    }

    public async Task PurgeManyAsync(HttpContext context)
    {
        var from = ManagementQuery.Time(context.Request, "createdTimeFrom") ?? throw new HostProblemException(new HostProblem(
            StatusCodes.Status400BadRequest, "query.missing", "Query parameter createdTimeFrom is missing.", "Say from which creation time on ended instances are to be purged."));
        var to = ManagementQuery.Time(context.Request, "createdTimeTo") ?? time.GetUtcNow();
        var statuses = ManagementQuery.Statuses(context.Request, unknownIsError: true);
        foreach (var live in (statuses ?? []).Where(status => !InstanceAnswers.HasEnded(status)))
        {
            throw new HostProblemException(new HostProblem(
                StatusCodes.Status400BadRequest, "query.invalid", $"Instances in the {live} state cannot be purged.", "Ask for Completed, Failed, Terminated or Canceled; terminate live instances first."));
        }

        var result = await client.PurgeAllInstancesAsync(new PurgeInstancesFilter(from, to, statuses), (PurgeInstanceOptions?)null, context.RequestAborted);
        await AnswerAsync(context, result.PurgedInstanceCount > 0 ? result.PurgedInstanceCount : throw new HostProblemException(new HostProblem(
            StatusCodes.Status404NotFound, "instances.none", "No ended instance matches.", "Nothing is left to purge, or the filter is too narrow.")));
    }

    private static Task AnswerAsync(HttpContext context, int count) =>
        InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status200OK, StatusJson.Written(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("instancesDeleted", count);
            writer.WriteEndObject();
        }));

    private static HostProblemException NotEnded(OrchestrationMetadata instance) => new(new HostProblem(
        StatusCodes.Status412PreconditionFailed,
        "instance.live",
        $"The orchestration instance {instance.InstanceId} is in the {instance.RuntimeStatus} state.",
        "Wait until it has ended, or terminate it; then purge."));
}
