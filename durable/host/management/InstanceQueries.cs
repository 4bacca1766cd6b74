using System.Text;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>GET one instance, GET many.</summary>
internal sealed class InstanceQueries(DurableTaskClient client, PublicOrigin origin)
{
    private const string ContinuationHeader = "x-ms-continuation-token";

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
        var prefix = request.Query["instanceIdPrefix"].ToString();
        var size = ManagementQuery.PageSize(request);
        var query = new OrchestrationQuery(
            CreatedFrom: ManagementQuery.Time(request, "createdTimeFrom"),
            CreatedTo: ManagementQuery.Time(request, "createdTimeTo"),
            Statuses: ManagementQuery.Statuses(request, unknownIsError: false),
            InstanceIdPrefix: prefix.Length == 0 ? null : prefix,
            PageSize: size,
            FetchInputsAndOutputs: true);
        var view = new StatusView(ManagementQuery.Flag(request, "showInput", otherwise: true), ShowHistoryOutput: false);
        var page = await FirstPageAsync(query, TokenOf(request), size, context.RequestAborted);
        if (page?.ContinuationToken is { } token)
        {
            context.Response.Headers[ContinuationHeader] = Convert.ToBase64String(Encoding.UTF8.GetBytes(token));
        }

        await InstanceAnswers.WriteJsonAsync(context, StatusCodes.Status200OK, StatusJson.WriteMany(page?.Values ?? [], view));
    }

    private async Task<Page<OrchestrationMetadata>?> FirstPageAsync(OrchestrationQuery query, string? token, int size, CancellationToken cancellation)
    {
        try
        {
            await foreach (var page in client.GetAllInstancesAsync(query).AsPages(token, size).WithCancellation(cancellation))
            {
                return page;
            }

            return null;
        }
        catch (Exception e) when (token is not null && e is (ArgumentException or FormatException))
        {
            throw BadToken();
        }
    }

    /// <summary>The token as the hub made it; base64 on the wire, where the base64 of <c>null</c> stands for none.</summary>
    private static string? TokenOf(HttpRequest request)
    {
        var text = request.Headers[ContinuationHeader].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        try
        {
            var token = Encoding.UTF8.GetString(Convert.FromBase64String(text));
            return token is "" or "null" ? null : token;
        }
        catch (FormatException)
        {
            throw BadToken();
        }
    }

    private static HostProblemException BadToken() => new(new HostProblem(
        StatusCodes.Status400BadRequest, "continuation.invalid", $"The header {ContinuationHeader} is not one that this host has sent.", "Send the header of the previous page unchanged, or none to begin anew."));
}
