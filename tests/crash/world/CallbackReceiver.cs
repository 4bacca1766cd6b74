using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>Whoever asked to be told: keeps what came, and refuses the first few.</summary>
internal sealed class CallbackReceiver : ISimulatedEndpoint
{
    public int Refusals { get; init; }

    public List<(string Body, string Signature, string EventId)> Seen { get; } = [];

    public static string Sign(string body) => Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(CrashWorld.CallbackSecret), Encoding.UTF8.GetBytes(body)));

    public async Task InvokeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        Seen.Add((Encoding.UTF8.GetString(body.ToArray()), context.Request.Headers["X-SWF-Signature"].ToString(), context.Request.Headers["X-SWF-Event-ID"].ToString()));
        context.Response.StatusCode = Seen.Count <= Refusals ? 500 : 204;
    }
}
