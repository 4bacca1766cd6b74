namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>For a world that ends with its process: nothing is there, and nothing is kept.</summary>
public sealed class ForgetfulStateStore : IStateStore
{
    /// <inheritdoc />
    public IReadOnlyDictionary<string, string> Load(string table) => new Dictionary<string, string>(StringComparer.Ordinal);

    /// <inheritdoc />
    public void Save(IReadOnlyCollection<StateChange> changes)
    {
        // The process remembers it.
    }
}
