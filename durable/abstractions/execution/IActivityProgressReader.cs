using System.Text.Json;

namespace SnapshotWorkflows.Durable.Execution;

public interface IActivityProgressReader
{
    /// <summary>The progress reported last by any activity of the instance; null if there is none.</summary>
    ValueTask<JsonElement?> ReadProgressAsync(string instanceId, CancellationToken cancellation);
}
