using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

/// <summary>What a pool keeps, in memory.</summary>
internal sealed class MemoryState : IStateStore
{
    private readonly Dictionary<(string, string), string> rows = [];

    public IReadOnlyDictionary<string, string> Load(string table) =>
        rows.Where(r => r.Key.Item1 == table).ToDictionary(r => r.Key.Item2, r => r.Value);

    public void Save(IReadOnlyCollection<StateChange> changes)
    {
        foreach (var change in changes)
        {
            if (change.Value is null)
                rows.Remove((change.Table, change.Key));
            else
                rows[(change.Table, change.Key)] = change.Value;
        }
    }
}
