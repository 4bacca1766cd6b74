using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>GET one instance, GET many.</summary>
internal sealed class InstanceQueries(DurableTaskClient client, PublicOrigin origin)
{
    /// <summary>Live: 202 with Location and Retry-After. Ended: 200; a failed one 500 with the same body when the caller asks for that.</summary>
    public async Task GetAsync(HttpContext context, string id)
    {
        var request = context.Request;
        var showHistory = ManagementQuery.Flag(request, "showHistory", otherwise: false);
        var view = new StatusView(ManagementQuery.Flag(request, "showInput", otherwise: true), ManagementQuery.Flag(request, "showHistoryOutput", otherwise: false));
        var failOnFailure = ManagementQuery.Flag(request, "returnInternalServerErrorOnFailure", otherwise: false);
        var instance = await client.GetInstancesAsync(id, getInputsAndOutputs: true, context.RequestAborted) ?? throw InstanceAnswers.Missing(id);
        IList<HistoryEvent>? history = null;
        if (showHistory && instance.RuntimeStatus != OrchestrationRuntimeStatus.Pending)
        {
            history = await client.GetOrchestrationHistoryAsync(id, context.RequestAborted);
        }

        var status = StatusCodes.Status200OK;
        if (!InstanceAnswers.HasEnded(instance.RuntimeStatus))
        {
            status = StatusCodes.Status202Accepted;
            context.Response.Headers.Location = InstanceAnswers.RequestUri(context, origin);
            context.Response.Headers.RetryAfter = "5";
        }
        else if (failOnFailure && instance.RuntimeStatus == OrchestrationRuntimeStatus.Failed)
        {
            status = StatusCodes.Status500InternalServerError;
        }

        await InstanceAnswers.WriteJsonAsync(context, status, StatusJson.WriteOne(instance, history, view));
    }

    /// <summary>One page; the header x-ms-continuation-token of the answer, sent back, asks for the next.</summary>
    public async Task ListAsync(HttpContext context)
    {
        var request = context.Request;
        var prefix = ManagementQuery.Text(request, "instanceIdPrefix");
        var size = ManagementQuery.PageSize(request);
        var query = new OrchestrationQuery(
            CreatedFrom: ManagementQuery.Time(request, "createdTimeFrom"),
            CreatedTo: ManagementQuery.Time(request, "createdTimeTo"),
            Statuses: ManagementQuery.Statuses(request, unknownIsError: false),
            InstanceIdPrefix: prefix.Length == 0 ? null : prefix,
            PageSize: size,
            FetchInputsAndOutputs: true);
        var view = new StatusView(ManagementQuery.Flag(request, "showInput", otherwise: true), ShowHistoryOutput: false);
        var page = await ContinuationToken.FirstPageAsync(client.GetAllInstancesAsync(query), request, size);
        ContinuationToken.Write(context.Response, page?.ContinuationToken);
        await InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status200OK, StatusJson.WriteMany(page?.Values ?? [], view));
    }
}
