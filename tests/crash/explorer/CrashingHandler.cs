using System.Text.Json;

namespace SnapshotWorkflows.Tests.Crash.Explorer;

/// <summary>Lets the process die before (request never sent) and after (answer never seen) every call that changes an appliance.</summary>
internal sealed class CrashingHandler(HttpMessageHandler inner, CrashSwitch crash) : DelegatingHandler(inner)
{
    private static readonly string[] s_reads = ["Get", "List", "session.", "SR.probe", "event.", "system."];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (await NameOfWriteAsync(request, cancellationToken) is not { } name) return await base.SendAsync(request, cancellationToken);
        crash.Point($"before {name}");
        var response = await base.SendAsync(request, cancellationToken);
        crash.Point($"after {name}");
        return response;
    }

    private static async Task<string?> NameOfWriteAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        // The empty import only asks which host it is to go to.
        if (request.Method == HttpMethod.Put && request.RequestUri!.AbsolutePath == "/import_raw_vdi" && request.RequestUri.Query.Contains("task_id=", StringComparison.Ordinal)) return "import_raw_vdi";
        if (request.Method != HttpMethod.Post) return null;
        if (request.RequestUri!.AbsolutePath is "/freeze" or "/thaw") return request.RequestUri.AbsolutePath[1..];
        if (request.Content?.Headers.ContentType?.MediaType is not { } type || !type.Contains("json", StringComparison.Ordinal)) return null;
        using var body = JsonDocument.Parse(await request.Content.ReadAsByteArrayAsync(cancellation));
        if (!body.RootElement.TryGetProperty("method", out var method)) return null;
        var name = method.GetString()!;
        return name.Contains(".get_", StringComparison.Ordinal) || s_reads.Any(read => name.StartsWith(read, StringComparison.Ordinal)) ? null : name;
    }
}
