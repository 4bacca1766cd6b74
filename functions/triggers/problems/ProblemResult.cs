using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>An error as problem details (RFC 9457) with a stable code and what to do about it.</summary>
/// <param name="code">Stable, machine-readable.</param>
/// <param name="detail">What was wrong with this request.</param>
/// <param name="remedy">What to change.</param>
public sealed class ProblemResult(int status, string code, string detail, string remedy) : IActionResult
{
    public async Task ExecuteResultAsync(ActionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var response = context.HttpContext.Response;
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        await using var writer = new Utf8JsonWriter(response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteString("type", $"urn:snapshotworkflows:problem:{code}");
        writer.WriteString("title", Title(status));
        writer.WriteNumber("status", status);
        writer.WriteString("code", code);
        writer.WriteString("detail", detail);
        writer.WriteString("remedy", remedy);
        writer.WriteString("instance", context.HttpContext.Request.Path.Value);
        writer.WriteEndObject();
        await writer.FlushAsync(context.HttpContext.RequestAborted);
    }

    private static string Title(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "The request cannot be understood",
        StatusCodes.Status403Forbidden => "This key may not do that",
        StatusCodes.Status401Unauthorized => "The request does not prove whose it is",
        StatusCodes.Status413PayloadTooLarge => "The request is too large",
        StatusCodes.Status404NotFound => "Not found",
        StatusCodes.Status410Gone => "It was there and is no more",
        StatusCodes.Status409Conflict => "The request contradicts what is there",
        _ => "The request failed",
    };
}
