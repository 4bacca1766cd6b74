namespace SnapshotWorkflows.XenServer;

/// <summary>The clients of the configured pools.</summary>
public interface IXenServerPools
{
    IReadOnlyList<string> Names { get; }

    /// <summary>The pool whose host does the copies.</summary>
    XenServerClient CopyPool { get; }

    /// <exception cref="KeyNotFoundException">No pool of that name is configured.</exception>
    XenServerClient Get(string name);
}
