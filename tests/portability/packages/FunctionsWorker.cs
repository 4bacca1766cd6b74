using System.Collections.Specialized;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text;

namespace Microsoft.Azure.Functions.Worker
{
    [AttributeUsage(AttributeTargets.Method)]
    public class FunctionAttribute : Attribute
    {
        public FunctionAttribute(string name) => throw Signature.Only;
        public string Name => throw Signature.Only;
    }

    public enum AuthorizationLevel
    {
        Anonymous,
        User,
        Function,
        System,
        Admin,
    }

    [AttributeUsage(AttributeTargets.Parameter)]
    public sealed class HttpTriggerAttribute : Attribute
    {
        public HttpTriggerAttribute() => throw Signature.Only;
        public HttpTriggerAttribute(params string[] methods) => throw Signature.Only;
        public HttpTriggerAttribute(AuthorizationLevel authLevel) => throw Signature.Only;
        public HttpTriggerAttribute(AuthorizationLevel authLevel, params string[] methods) => throw Signature.Only;
        public string? Route { get; set; }
        public string[]? Methods { get; }
        public AuthorizationLevel AuthLevel { get; }
    }

    [AttributeUsage(AttributeTargets.Parameter)]
    public sealed class TimerTriggerAttribute : Attribute
    {
        public TimerTriggerAttribute(string schedule) => throw Signature.Only;
        public string Schedule => throw Signature.Only;
        public bool UseMonitor { get; set; }
        public bool RunOnStartup { get; set; }
    }

    public class TimerInfo
    {
        public ScheduleStatus? ScheduleStatus { get; set; }
        public bool IsPastDue { get; set; }
    }

    public class ScheduleStatus
    {
        public DateTime Last { get; set; }
        public DateTime Next { get; set; }
        public DateTime LastUpdated { get; set; }
    }

    public abstract class FunctionContext
    {
        public abstract string InvocationId { get; }
        public abstract string FunctionId { get; }
        public abstract TraceContext TraceContext { get; }
        public abstract IServiceProvider InstanceServices { get; set; }
        public abstract FunctionDefinition FunctionDefinition { get; }
        public abstract IDictionary<object, object> Items { get; set; }
        public virtual CancellationToken CancellationToken => throw Signature.Only;
    }

    public abstract class FunctionDefinition
    {
        public abstract string PathToAssembly { get; }
        public abstract string EntryPoint { get; }
        public abstract string Id { get; }
        public abstract string Name { get; }
    }

    public abstract class TraceContext
    {
        public abstract string TraceParent { get; }
        public abstract string TraceState { get; }
        public virtual IReadOnlyDictionary<string, string> Attributes => throw Signature.Only;
        public virtual IReadOnlyDictionary<string, string> Baggage => throw Signature.Only;
    }

    public static class FunctionContextLoggerExtensions
    {
        public static ILogger<T> GetLogger<T>(this FunctionContext context) => throw Signature.Only;
        public static ILogger GetLogger(this FunctionContext context, string categoryName) => throw Signature.Only;
    }
}

namespace Microsoft.Azure.Functions.Worker.Http
{
    public class FromBodyAttribute : Attribute;

    public class HttpHeadersCollection : HttpHeaders
    {
        public HttpHeadersCollection() => throw Signature.Only;
        public HttpHeadersCollection(IEnumerable<KeyValuePair<string, IEnumerable<string>>> headers) => throw Signature.Only;
        public HttpHeadersCollection(IEnumerable<KeyValuePair<string, string>> headers) => throw Signature.Only;
    }

    public interface IHttpCookie
    {
        string Name { get; }
        string Value { get; }
    }

    public abstract class HttpCookies
    {
        public abstract void Append(string name, string value);
        public abstract void Append(IHttpCookie cookie);
        public abstract IHttpCookie CreateNew();
    }

    public abstract class HttpRequestData
    {
        public HttpRequestData(FunctionContext functionContext) => throw Signature.Only;
        public abstract Stream Body { get; }
        public abstract HttpHeadersCollection Headers { get; }
        public abstract IReadOnlyCollection<IHttpCookie> Cookies { get; }
        public abstract Uri Url { get; }
        public abstract IEnumerable<ClaimsIdentity> Identities { get; }
        public abstract string Method { get; }
        public FunctionContext FunctionContext => throw Signature.Only;
        public abstract HttpResponseData CreateResponse();
        public virtual NameValueCollection Query => throw Signature.Only;
    }

    public abstract class HttpResponseData
    {
        public HttpResponseData(FunctionContext functionContext) => throw Signature.Only;
        public abstract HttpStatusCode StatusCode { get; set; }
        public abstract HttpHeadersCollection Headers { get; set; }
        public abstract Stream Body { get; set; }
        public abstract HttpCookies Cookies { get; }
        public FunctionContext FunctionContext => throw Signature.Only;
        public static HttpResponseData CreateResponse(HttpRequestData request) => throw Signature.Only;
    }

    public static class HttpRequestDataExtensions
    {
        public static Task<string?> ReadAsStringAsync(this HttpRequestData request, Encoding? encoding = null) => throw Signature.Only;
        public static string? ReadAsString(this HttpRequestData request, Encoding? encoding = null) => throw Signature.Only;
        public static ValueTask<T?> ReadFromJsonAsync<T>(this HttpRequestData request, CancellationToken cancellationToken = default) => throw Signature.Only;
        public static HttpResponseData CreateResponse(this HttpRequestData request, HttpStatusCode statusCode) => throw Signature.Only;
    }

    public static class HttpResponseDataExtensions
    {
        public static void WriteString(this HttpResponseData response, string value, Encoding? encoding = null) => throw Signature.Only;
        public static Task WriteStringAsync(this HttpResponseData response, string value, Encoding? encoding = null) => throw Signature.Only;
        public static Task WriteStringAsync(this HttpResponseData response, string value, CancellationToken cancellationToken, Encoding? encoding = null) => throw Signature.Only;
        public static ValueTask WriteAsJsonAsync<T>(this HttpResponseData response, T instance, CancellationToken cancellationToken = default) => throw Signature.Only;
        public static ValueTask WriteAsJsonAsync<T>(this HttpResponseData response, T instance, string contentType, CancellationToken cancellationToken = default) => throw Signature.Only;
        public static void WriteBytes(this HttpResponseData response, byte[] value) => throw Signature.Only;
        public static Task WriteBytesAsync(this HttpResponseData response, byte[] value) => throw Signature.Only;
        public static Task WriteBytesAsync(this HttpResponseData response, byte[] value, CancellationToken cancellationToken) => throw Signature.Only;
    }
}
