namespace SnapshotWorkflows.Durable.Host.Keys;

/// <summary>The keys that are not of one function.</summary>
internal sealed record HostKeys(FunctionKey Master, IReadOnlyList<FunctionKey> Functions, IReadOnlyList<FunctionKey> System)
{
    public override string ToString() => $"{1 + Functions.Count + System.Count} host keys";
}
