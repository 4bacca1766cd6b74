namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// Saves what changed of a system's tables: the system shows all its rows, the mirror knows what it saved last and sends only the
/// difference, as one unit. Not thread-safe; a system uses it under its own lock.
/// </summary>
public sealed class StateMirror(IStateStore store)
{
    private readonly Dictionary<string, Dictionary<string, string>> saved = new(StringComparer.Ordinal);
    private readonly List<StateChange> pending = [];

    /// <summary>A table as it was saved last; also what later differences are taken from.</summary>
    public IReadOnlyDictionary<string, string> Load(string table)
    {
        var rows = new Dictionary<string, string>(store.Load(table), StringComparer.Ordinal);
        saved[table] = rows;
        return rows;
    }

    /// <summary>Shows every row that the table has now. Nothing is written before <see cref="Commit"/>.</summary>
    public void Show(string table, IEnumerable<KeyValuePair<string, string>> rows)
    {
        if (!saved.TryGetValue(table, out var before))
        {
            Load(table);
            before = saved[table];
        }

        var gone = new HashSet<string>(before.Keys, StringComparer.Ordinal);
        foreach (var (key, value) in rows)
        {
            gone.Remove(key);
            if (before.TryGetValue(key, out var old) && old == value)
            {
                continue;
            }

            before[key] = value;
            pending.Add(new StateChange(table, key, value));
        }

        foreach (var key in gone)
        {
            before.Remove(key);
            pending.Add(new StateChange(table, key, null));
        }
    }

    /// <summary>Writes all differences shown since the last commit, and others with them; nothing if there are none.</summary>
    public void Commit(IReadOnlyCollection<StateChange>? others = null)
    {
        pending.AddRange(others ?? []);
        if (pending.Count == 0)
        {
            return;
        }

        store.Save(pending);
        pending.Clear();
    }
}
