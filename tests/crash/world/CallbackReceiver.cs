using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>Whoever asked to be told: keeps what came, and refuses the first few.</summary>
internal sealed class CallbackReceiver : ISimulatedEndpoint
{
    private readonly List<(string Body, string Signature, string EventId)> _seen = [];

    public int Refusals { get; init; }

    /// <summary>Those that have come so far: several may come at once.</summary>
    public IReadOnlyList<(string Body, string Signature, string EventId)> Seen
    {
        get
        {
            lock (_seen) return [.. _seen];
        }
    }

    public static string Sign(string body) => Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(CrashWorld.CallbackSecret), Encoding.UTF8.GetBytes(body)));

    public async Task InvokeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        lock (_seen)
        {
            _seen.Add((Encoding.UTF8.GetString(body.ToArray()), context.Request.Headers["X-SWF-Signature"].ToString(), context.Request.Headers["X-SWF-Event-ID"].ToString()));
            context.Response.StatusCode = _seen.Count <= Refusals ? 500 : 204;
        }
    }
}
