using System.Text.Json;
using SnapshotWorkflows.Durable.Execution;

namespace SnapshotWorkflows.Durable.Engine.Client;

internal sealed class ActivityProgressReader(DurableEngine engine) : IActivityProgressReader
{
    public async ValueTask<JsonElement?> ReadProgressAsync(string instanceId, CancellationToken cancellation)
    {
        var hub = await engine.HubAsync(cancellation);
        return await hub.ReadProgressAsync(instanceId, cancellation) is { } json ? JsonElement.Parse(json) : null;
    }
}
