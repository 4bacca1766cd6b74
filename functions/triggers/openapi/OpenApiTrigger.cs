using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>GET /api/openapi.json.</summary>
public sealed class OpenApiTrigger
{
    private const string Name = "openapi.json";

    [Function("GetOpenApi")]
    public IActionResult Get([HttpTrigger(AuthorizationLevel.Function, "get", Route = Name)] HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        // The prefix is the host's setting; the request shows it.
        var prefix = request.Path.Value!.Trim('/');
        prefix = prefix.Length > Name.Length ? prefix[..^(Name.Length + 1)] : "";
        return new ContentResult { StatusCode = 200, ContentType = "application/vnd.oai.openapi+json;version=3.1", Content = OpenApiDocument.Make(prefix).ToJsonString() };
    }
}
