namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>One change, for event.from.</summary>
internal sealed record Change(long Generation, string Table, string Ref, string Operation);

/// <summary>The pool's database: rows by table and reference, and what changed when. Guarded by the pool's lock.</summary>
internal sealed class Database(int apiMinor)
{
    private const int RememberedChanges = 2_000;
    private readonly Dictionary<string, Row> _byRef = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Row>> _tables = new(StringComparer.Ordinal);

    /// <summary>The same lists by the type of their rows: a table's rows are of one type, and no two tables share one.</summary>
    private readonly Dictionary<Type, List<Row>> _byType = [];
    private readonly List<Change> _changes = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The API (2.x) that decides which fields a record has.</summary>
    public int ApiMinor { get; } = apiMinor;

    public long Generation { get; private set; } = 1;

    /// <summary>Completes at the next change.</summary>
    public Task Changed => _changed.Task;

    public T Add<T>(T row)
        where T : Row
    {
        _byRef.Add(row.Ref, row);
        if (!_tables.TryGetValue(row.Table, out var table))
            _tables[row.Table] = _byType[row.GetType()] = table = [];
        table.Add(row);
        Note(row, "add");
        return row;
    }

    public void Remove(Row row)
    {
        if (!_byRef.Remove(row.Ref))
            return;
        _tables[row.Table].Remove(row);
        Note(row, "del");
    }

    public void Touch(Row row)
    {
        if (_byRef.ContainsKey(row.Ref))
            Note(row, "mod");
    }

    public IReadOnlyList<Row> Table(string table) => _tables.TryGetValue(table, out var rows) ? rows : [];

    /// <summary>A copy, so that rows may be removed while walking it.</summary>
    public List<T> All<T>()
        where T : Row => typeof(T) == typeof(Row) ? [.. _tables.Values.SelectMany(rows => rows).Cast<T>()] : _byType.TryGetValue(typeof(T), out var rows) ? rows.ConvertAll(row => (T)row) : [];

    public T Get<T>(string table, string reference)
        where T : Row => Find<T>(reference) ?? throw new XenError("HANDLE_INVALID", table, reference);

    public T? Find<T>(string reference)
        where T : Row => _byRef.GetValueOrDefault(reference) as T;

    public T? FindByUuid<T>(string uuid)
        where T : Row => _byType.TryGetValue(typeof(T), out var rows) ? (T?)rows.Find(r => r.Uuid == uuid) : null;

    public Row ByUuid(string table, string uuid) =>
        Table(table).FirstOrDefault(r => r.Uuid == uuid) ?? throw new XenError("UUID_INVALID", table, uuid);

    /// <summary>Changes after a generation; null when they are no longer remembered.</summary>
    public IReadOnlyList<Change>? Since(long generation) =>
        _changes.Count > 0 && _changes[0].Generation > generation + 1 ? null : Last((int)Math.Clamp(Generation - generation, 0, _changes.Count));

    /// <summary>Each change raises the generation by one.</summary>
    private List<Change> Last(int count) => _changes.GetRange(_changes.Count - count, count);

    private void Note(Row row, string operation)
    {
        _changes.Add(new Change(++Generation, row.Table, row.Ref, operation));
        if (_changes.Count > RememberedChanges)
            _changes.RemoveRange(0, RememberedChanges / 2);
        if (_changed.Task.IsCompleted)
            return;
        var waiting = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.SetResult();
    }
}
