using System.Net;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Primitives;

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

namespace Microsoft.DurableTask
{
    public static class TaskOrchestrationContextExtensionMethods
    {
        public static Task<Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http.DurableHttpResponse> CallHttpAsync(this TaskOrchestrationContext context, Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http.DurableHttpRequest request) => throw Signature.Only;
        public static Task<Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http.DurableHttpResponse> CallHttpAsync(this TaskOrchestrationContext context, HttpMethod method, Uri uri, string? content = null, Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http.HttpRetryOptions? retryOptions = null) => throw Signature.Only;
    }
}

namespace Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http
{
    public class DurableHttpRequest
    {
        public DurableHttpRequest(HttpMethod method, Uri uri) => throw Signature.Only;
        public HttpMethod Method => throw Signature.Only;
        public Uri Uri => throw Signature.Only;
        public IDictionary<string, StringValues>? Headers { get; set; }
        public string? Content { get; set; }
        public bool AsynchronousPatternEnabled { get; set; }
        public HttpRetryOptions? HttpRetryOptions { get; set; }
        public TimeSpan? Timeout { get; set; }
    }

    public class DurableHttpResponse
    {
        public DurableHttpResponse(HttpStatusCode statusCode) => throw Signature.Only;
        public HttpStatusCode StatusCode { get; }
        public IDictionary<string, StringValues>? Headers { get; init; }
        public string? Content { get; init; }
    }

    public class HttpRetryOptions
    {
        public HttpRetryOptions(IList<HttpStatusCode>? statusCodesToRetry = null) => throw Signature.Only;
        public TimeSpan FirstRetryInterval { get; set; }
        public TimeSpan MaxRetryInterval { get; set; }
        public double BackoffCoefficient { get; set; }
        public TimeSpan RetryTimeout { get; set; }
        public int MaxNumberOfAttempts { get; set; }
        public IList<HttpStatusCode> StatusCodesToRetry => throw Signature.Only;
    }
}
