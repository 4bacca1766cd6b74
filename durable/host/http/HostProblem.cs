using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace SnapshotWorkflows.Durable.Host.Http;

/// <summary>An error answer of the host itself: RFC 9457 problem details with a stable <c>code</c> and a <c>remedy</c>.</summary>
internal sealed record HostProblem(int Status, string Code, string Detail, string Remedy)
{
    [JsonPropertyOrder(-1)]
    public string Title => ReasonPhrases.GetReasonPhrase(Status);

    /// <summary>Finds the request in the log; not part of what is decided here, hence filled in when written.</summary>
    public string? TraceId { get; init; }

    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(this with { TraceId = TraceIdOf(context) }, HostProblemJson.Readable.HostProblem);
        response.ContentType = "application/problem+json";
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    public static string TraceIdOf(HttpContext context) => Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
}

[JsonSerializable(typeof(HostProblem))]
internal sealed partial class HostProblemJson : JsonSerializerContext
{
    /// <summary>Quotes and letters as they are: the answer is JSON by its content type, never part of a page.</summary>
    public static HostProblemJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

/// <summary>Ends the handling of a request with a problem.</summary>
internal sealed class HostProblemException(HostProblem problem) : Exception(problem.Detail)
{
    public HostProblem Problem { get; } = problem;
}
