namespace SnapshotWorkflows.XenServer;

/// <summary>One NBD connection came to its end; whether another may do better is said.</summary>
internal sealed class NbdException(string message, bool mayPass, Exception? inner = null) : IOException(message, inner)
{
    public bool MayPass { get; } = mayPass;
}
