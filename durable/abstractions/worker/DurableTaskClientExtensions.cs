using SnapshotWorkflows.Durable.Client;

namespace SnapshotWorkflows.Functions.Worker;

public static class DurableTaskClientExtensions
{
    /// <exception cref="ArgumentException">The id is empty.</exception>
    /// <exception cref="InvalidOperationException">The client runs in no host that serves the management addresses.</exception>
    public static HttpManagementPayload CreateHttpManagementPayload(this DurableTaskClient client, string instanceId)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        return client is IHttpManagementPayloadFactory factory
            ? factory.Create(instanceId)
            : throw new InvalidOperationException($"{client.GetType()} knows no address of a management API: run it in a host that maps one.");
    }
}
