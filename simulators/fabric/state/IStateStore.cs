namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// What outlives the process: rows of text by table and key. A simulator that is given one reads its tables when it is made and
/// saves every effect before it answers, so that a kill at any moment leaves what was answered, and nothing half done.
/// </summary>
public interface IStateStore
{
    /// <summary>All rows of a table; none when nothing was ever saved there.</summary>
    IReadOnlyDictionary<string, string> Load(string table);

    /// <summary>Puts and removes rows, all of them or none.</summary>
    void Save(IReadOnlyCollection<StateChange> changes);
}

/// <summary>One row to put, or to remove when the value is null.</summary>
public readonly record struct StateChange(string Table, string Key, string? Value);
