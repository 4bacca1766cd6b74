using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>A body written by generated code: camelCase, nulls left out, whatever the host's own settings are.</summary>
internal sealed class JsonResult<T>(int status, T body, JsonTypeInfo<T> type, string? location = null) : IActionResult
{
    public async Task ExecuteResultAsync(ActionContext context)
    {
        var response = context.HttpContext.Response;
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        if (location is not null) response.Headers.Location = location;
        await JsonSerializer.SerializeAsync(response.Body, body, type, context.HttpContext.RequestAborted);
    }
}
