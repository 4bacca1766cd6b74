namespace SnapshotWorkflows.Lab;

/// <summary>The run cannot or must not end well: one clear line for the person who started it, and where to look.</summary>
internal sealed class LabException(string message, params string[] look) : Exception(message)
{
    /// <summary>Files that tell more, or findings one by one.</summary>
    public IReadOnlyList<string> Look { get; } = look;
}
