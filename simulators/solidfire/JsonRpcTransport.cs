using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>
/// The wire: Basic authentication with a challenge, the version in the path, one JSON-RPC object in, one out. No content type is asked
/// for. A body that is no JSON object is HTTP 400 with a text [the real status is not documented].
/// </summary>
internal sealed class JsonRpcTransport(
    Cluster cluster, SolidFireOptions options, TimeProvider clock, FaultPlan faults, Func<ClusterAdmin, string, CallParameters, JsonObject> execute, Action<TimeSpan> restart)
{
    private const string Prefix = "/json-rpc/";
    private const int LongestBody = 16 << 20;
    private static readonly JsonDocumentOptions s_strict = new() { MaxDepth = 64 };

    private readonly HashSet<string> versions = new(ApiVersion.UpTo(options.ApiVersion), StringComparer.Ordinal);

    public async Task AnswerAsync(HttpContext context)
    {
        if (Administrator(context.Request) is not { } admin)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"Element API\"";
            await AnswerTextAsync(context, StatusCodes.Status401Unauthorized, "401 Unauthorized.\n");
            return;
        }

        if (Version(context.Request.Path) is not { } version)
        {
            await AnswerTextAsync(context, StatusCodes.Status404NotFound, "404 Not Found\n");
            return;
        }

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await AnswerTextAsync(context, StatusCodes.Status405MethodNotAllowed, "405 Method Not Allowed\n");
            return;
        }

        var (request, problem) = await ReadRequestAsync(context);
        if (request is null)
        {
            await AnswerTextAsync(context, problem, $"{problem} Bad Request: the body is not a JSON object\n");
            return;
        }

        await AnswerAsync(context, admin, version, request);
    }

    private async Task AnswerAsync(HttpContext context, ClusterAdmin admin, ApiVersion version, JsonObject request)
    {
        var method = request["method"] is JsonValue name && name.GetValueKind() == JsonValueKind.String ? name.GetValue<string>() : "";
        var fault = faults.Take(SolidFireSimulator.SystemName, null, method);
        if (fault?.Action == FaultAction.Restart)
        {
            fault.Shows();
            restart(fault.Duration);
            context.Abort();
            return;
        }

        if (await FaultedExchange.EndsBeforeEffectAsync(context, fault))
        {
            return;
        }

        var answer = Answer(admin, version, request, method, fault);
        if (fault?.Action == FaultAction.Duplicate)
        {
            fault.Shows();
            answer = Answer(admin, version, request, method, fault);
        }

        await FaultedExchange.AnswerAsync(
            context, fault, clock, StatusCodes.Status200OK, "application/json", Encoding.UTF8.GetBytes(answer.ToJsonString()));
    }

    private JsonObject Answer(ClusterAdmin admin, ApiVersion version, JsonObject request, string method, FaultSpecification? fault)
    {
        var answer = new JsonObject { ["id"] = request["id"]?.DeepClone() };
        try
        {
            if (fault?.Action == FaultAction.Fail)
            {
                fault.Shows();
                var planned = fault.ErrorName ?? "xInternalError";
                throw new ApiError(planned, fault.ErrorParams.Count > 0 ? fault.ErrorParams[0] : planned);
            }

            var parameters = new CallParameters(Members(request["params"]), method, version);
            answer["result"] = execute(admin, method, parameters);
            faults.CountCall(SolidFireSimulator.SystemName, method);
            if (parameters.Unused() is { Count: > 0 } unused)
            {
                answer["unusedParameters"] = unused;
            }
        }
        catch (ApiError error)
        {
            answer["error"] = new JsonObject { ["code"] = 500, ["message"] = error.Message, ["name"] = error.Name };
        }

        return answer;
    }

    private static JsonObject Members(JsonNode? given) => given switch
    {
        null => [],
        JsonObject members => members,
        _ => throw ApiError.InvalidParameterType("params"),
    };

    private ClusterAdmin? Administrator(HttpRequest request)
    {
        if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header)
            || !string.Equals(header.Scheme, "Basic", StringComparison.OrdinalIgnoreCase) || header.Parameter is null)
        {
            return null;
        }

        var decoded = new byte[header.Parameter.Length];
        if (!Convert.TryFromBase64String(header.Parameter, decoded, out var length))
        {
            return null;
        }

        lock (cluster.Gate)
        {
            return cluster.Admins.Values.FirstOrDefault(admin =>
                CryptographicOperations.FixedTimeEquals(decoded.AsSpan(0, length), Encoding.UTF8.GetBytes($"{admin.Username}:{admin.Password}")));
        }
    }

    /// <summary>The version in the path; null for one that this cluster does not speak, and for other paths.</summary>
    private ApiVersion? Version(PathString path)
    {
        var text = path.Value ?? "";
        var version = text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..].TrimEnd('/') : "";
        return versions.Contains(version) ? ApiVersion.Parse(version) : null;
    }

    private static async Task<(JsonObject? Request, int Problem)> ReadRequestAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 << 10];
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            if (body.Length + read > LongestBody)
            {
                return (null, StatusCodes.Status413PayloadTooLarge);
            }

            body.Write(buffer, 0, read);
        }

        try
        {
            return (Parse(body.GetBuffer().AsSpan(0, (int)body.Length)), StatusCodes.Status400BadRequest);
        }
        catch (Exception malformed) when (malformed is JsonException or ArgumentException or InvalidOperationException)
        {
            // A member given twice and a string that is no text show only when they are looked at.
            return (null, StatusCodes.Status400BadRequest);
        }
    }

    private static JsonObject? Parse(ReadOnlySpan<byte> body)
    {
        var request = JsonNode.Parse(body, documentOptions: s_strict) as JsonObject;
        Visit(request);
        return request;
    }

    /// <summary>Looks at everything, so that nothing later meets what cannot be read.</summary>
    private static void Visit(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (_, value) in members)
                {
                    Visit(value);
                }

                break;
            case JsonArray elements:
                foreach (var element in elements)
                {
                    Visit(element);
                }

                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                value.GetValue<string>();
                break;
        }
    }

    private static Task AnswerTextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
