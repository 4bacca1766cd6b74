using SnapshotWorkflows.Durable.Host.Http;
using SnapshotWorkflows.Durable.Host.Keys;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>Writes the addresses of one instance in the management API. They carry the system key.</summary>
internal sealed class ManagementUris(PublicOrigin origin, KeyRing keys, DurableTaskHostOptions options) : IHttpManagementPayloadFactory
{
    public const string BasePath = "/runtime/webhooks/durabletask";

    public HttpManagementPayload Create(string instanceId)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var authority = (origin.Find() ?? throw new InvalidOperationException(
            "The host does not listen yet, so there is no address to build management URIs from: ask for them while a request is handled.")).GetLeftPart(UriPartial.Authority);
        var instance = $"{authority}{BasePath}/instances/{Uri.EscapeDataString(instanceId)}";
        var query = $"taskHub={Uri.EscapeDataString(options.HubName)}&connection={Uri.EscapeDataString(options.ConnectionName)}&code={Uri.EscapeDataString(keys.DurableTaskSystemKey)}";

        // The braces stay literal: callers put their text there.
        return new HttpManagementPayload
        {
            Id = instanceId,
            StatusQueryGetUri = $"{instance}?{query}",
            SendEventPostUri = $"{instance}/raiseEvent/{{eventName}}?{query}",
            TerminatePostUri = $"{instance}/terminate?reason={{text}}&{query}",
            RewindPostUri = $"{instance}/rewind?reason={{text}}&{query}",
            PurgeHistoryDeleteUri = $"{instance}?{query}",
            RestartPostUri = $"{instance}/restart?{query}",
            SuspendPostUri = $"{instance}/suspend?reason={{text}}&{query}",
            ResumePostUri = $"{instance}/resume?reason={{text}}&{query}",
        };
    }
}
