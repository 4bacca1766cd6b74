namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// One object of the pool's database. Field values are the XenAPI types as plain objects: string, bool, long, double,
/// <see cref="DateTimeOffset"/>, a list for a set, a dictionary for a map; a reference is its text.
/// </summary>
internal abstract class Row(string table, string uuid)
{
    public const string NullRef = "OpaqueRef:NULL";

    public string Table { get; } = table;

    public string Ref { get; init; } = "OpaqueRef:" + uuid;

    public string Uuid { get; init; } = uuid;

    public virtual string NameLabel { get; set; } = "";

    public string NameDescription { get; set; } = "";

    public Dictionary<string, string> OtherConfig { get; set; } = new(StringComparer.Ordinal);

    public string[] Tags { get; set; } = [];

    /// <summary>Operations under way: reference of the task → operation.</summary>
    public Dictionary<string, string> CurrentOperations { get; } = new(StringComparer.Ordinal);

    /// <summary>Every field, by its name on the wire.</summary>
    public Dictionary<string, object?> Record(Database db)
    {
        var record = new Dictionary<string, object?>(StringComparer.Ordinal) { ["uuid"] = Uuid };
        Describe(record, db);
        return record;
    }

    protected abstract void Describe(Dictionary<string, object?> r, Database db);

    protected void Named(Dictionary<string, object?> r)
    {
        r["name_label"] = NameLabel;
        r["name_description"] = NameDescription;
        Configured(r);
    }

    protected void Configured(Dictionary<string, object?> r) => r["other_config"] = Map(OtherConfig);

    protected static Dictionary<string, object?> Map(Dictionary<string, string> map) => map.ToDictionary(p => p.Key, object? (p) => p.Value, StringComparer.Ordinal);

    protected static List<object?> Set(IEnumerable<string> items) => [.. items];

    protected static DateTimeOffset Never => DateTimeOffset.UnixEpoch;
}
