using System.Net;
using System.Text.Json;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Functions.Worker.Http;

namespace SnapshotWorkflows.Functions.Worker;

/// <summary>Answers of HTTP functions that start an instance. Names and codes are those of Azure/azure-functions-durable-extension, src/Worker.Extensions.DurableTask.</summary>
public static class DurableTaskClientExtensions
{
    /// <param name="request">Its address is where the caller reaches this host; without it the host's own rules for its origin count.</param>
    /// <exception cref="ArgumentException">The id is empty.</exception>
    /// <exception cref="InvalidOperationException">The client runs in no host that serves the management addresses.</exception>
    public static HttpManagementPayload CreateHttpManagementPayload(this DurableTaskClient client, string instanceId, HttpRequestData? request = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        _ = request;
        return client is IHttpManagementPayloadFactory factory
            ? factory.Create(instanceId)
            : throw new InvalidOperationException($"{client.GetType()} knows no address of a management API: run it in a host that maps one.");
    }

    public static Task<HttpResponseData> CreateCheckStatusResponseAsync(
        this DurableTaskClient client, HttpRequestData request, string instanceId, CancellationToken cancellation = default) =>
        client.CreateCheckStatusResponseAsync(request, instanceId, HttpStatusCode.Accepted, cancellation);

    /// <summary>202 with Location and the addresses of the instance as body.</summary>
    public static async Task<HttpResponseData> CreateCheckStatusResponseAsync(
        this DurableTaskClient client, HttpRequestData request, string instanceId, HttpStatusCode statusCode, CancellationToken cancellation = default)
    {
        var response = Begin(client, request, instanceId, statusCode, out var payload);
        await response.Body.WriteAsync(payload, cancellation);
        return response;
    }

    public static HttpResponseData CreateCheckStatusResponse(
        this DurableTaskClient client, HttpRequestData request, string instanceId, CancellationToken cancellation = default) =>
        client.CreateCheckStatusResponse(request, instanceId, HttpStatusCode.Accepted, cancellation);

    public static HttpResponseData CreateCheckStatusResponse(
        this DurableTaskClient client, HttpRequestData request, string instanceId, HttpStatusCode statusCode, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var response = Begin(client, request, instanceId, statusCode, out var payload);
        response.Body.Write(payload);
        return response;
    }

    /// <summary>200 with the metadata when the instance ends before <paramref name="cancellation"/>, otherwise the check-status answer.</summary>
    /// <param name="retryInterval">Kept for the callers' sake: this client is told of the end and need not look again.</param>
    /// <param name="returnInternalServerErrorOnFailure">500 instead of 200 for a failed instance.</param>
    public static async Task<HttpResponseData> WaitForCompletionOrCreateCheckStatusResponseAsync(
        this DurableTaskClient client,
        HttpRequestData request,
        string instanceId,
        TimeSpan? retryInterval = null,
        bool returnInternalServerErrorOnFailure = false,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        _ = retryInterval;
        OrchestrationMetadata instance;
        try
        {
            instance = await client.WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return client.CreateCheckStatusResponse(request, instanceId, CancellationToken.None);
        }

        var failed = returnInternalServerErrorOnFailure && instance.RuntimeStatus == OrchestrationRuntimeStatus.Failed;
        var response = request.CreateResponse(failed ? HttpStatusCode.InternalServerError : HttpStatusCode.OK);
        response.Headers.Add("Content-Type", "application/json");
        await JsonSerializer.SerializeAsync(
            response.Body,
            new
            {
                instance.Name,
                instance.InstanceId,
                instance.CreatedAt,
                instance.LastUpdatedAt,
                RuntimeStatus = instance.RuntimeStatus.ToString(),
                instance.SerializedInput,
                instance.SerializedOutput,
                instance.SerializedCustomStatus,
            },
            cancellationToken: CancellationToken.None);
        return response;
    }

    private static HttpResponseData Begin(DurableTaskClient client, HttpRequestData request, string instanceId, HttpStatusCode statusCode, out byte[] payload)
    {
        ArgumentNullException.ThrowIfNull(request);
        var addresses = client.CreateHttpManagementPayload(instanceId, request);
        var response = request.CreateResponse(statusCode);
        response.Headers.Add("Location", addresses.StatusQueryGetUri);
        response.Headers.Add("Content-Type", "application/json");
        payload = JsonSerializer.SerializeToUtf8Bytes(addresses);
        return response;
    }
}
