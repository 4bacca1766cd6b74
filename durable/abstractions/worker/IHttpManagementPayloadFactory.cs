namespace SnapshotWorkflows.Functions.Worker;

/// <summary>Implemented by the host, which knows its own address and keys; a client that implements it passes the call on to the host's.</summary>
public interface IHttpManagementPayloadFactory
{
    /// <exception cref="InvalidOperationException">No base address is known.</exception>
    HttpManagementPayload Create(string instanceId);
}
