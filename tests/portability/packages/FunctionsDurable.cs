using System.Net;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.DurableTask.Client;

namespace Microsoft.Azure.Functions.Worker
{
    [AttributeUsage(AttributeTargets.Parameter)]
    public sealed class OrchestrationTriggerAttribute : Attribute
    {
        public string? Orchestration { get; set; }
    }

    [AttributeUsage(AttributeTargets.Parameter)]
    public sealed class ActivityTriggerAttribute : Attribute
    {
        public string? Activity { get; set; }
    }

    [AttributeUsage(AttributeTargets.Parameter)]
    public sealed class EntityTriggerAttribute : Attribute
    {
        public string? EntityName { get; set; }
    }

    [AttributeUsage(AttributeTargets.Parameter)]
    public sealed class DurableClientAttribute : Attribute
    {
        public string? TaskHub { get; set; }
        public string? ConnectionName { get; set; }
    }

    public sealed class TaskEntityDispatcher
    {
        internal TaskEntityDispatcher() => throw Signature.Only;
        public Task DispatchAsync(ITaskEntity entity) => throw Signature.Only;
        public Task DispatchAsync<T>() => throw Signature.Only;
        public Task DispatchAsync(Func<TaskEntityOperation, ValueTask<object?>> handler) => throw Signature.Only;
    }

    public class HttpManagementPayload
    {
        public string? Id { get; }
        public string? StatusQueryGetUri { get; }
        public string? SendEventPostUri { get; }
        public string? TerminatePostUri { get; }
        public string? RewindPostUri { get; }
        public string? PurgeHistoryDeleteUri { get; }
        public string? RestartPostUri { get; }
        public string? SuspendPostUri { get; }
        public string? ResumePostUri { get; }
    }

    public static class DurableTaskClientExtensions
    {
        public static Task<HttpResponseData> CreateCheckStatusResponseAsync(this DurableTaskClient client, HttpRequestData request, string instanceId, CancellationToken cancellation = default) => throw Signature.Only;
        public static Task<HttpResponseData> CreateCheckStatusResponseAsync(this DurableTaskClient client, HttpRequestData request, string instanceId, HttpStatusCode statusCode, CancellationToken cancellation = default) => throw Signature.Only;
        public static HttpResponseData CreateCheckStatusResponse(this DurableTaskClient client, HttpRequestData request, string instanceId, CancellationToken cancellation = default) => throw Signature.Only;
        public static HttpResponseData CreateCheckStatusResponse(this DurableTaskClient client, HttpRequestData request, string instanceId, HttpStatusCode statusCode, CancellationToken cancellation = default) => throw Signature.Only;
        public static Task<HttpResponseData> WaitForCompletionOrCreateCheckStatusResponseAsync(this DurableTaskClient client, HttpRequestData request, string instanceId, TimeSpan? retryInterval = null, bool returnInternalServerErrorOnFailure = false, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw Signature.Only;
        public static HttpManagementPayload CreateHttpManagementPayload(this DurableTaskClient client, string instanceId, HttpRequestData? request = null) => throw Signature.Only;
    }
}
