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

    /// <summary>Fields that clients set and nothing here works with.</summary>
    public Dictionary<string, object?> Extra { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Every field that the pool's API version has, by its name on the wire.</summary>
    public Dictionary<string, object?> Record(Database db)
    {
        var described = new Dictionary<string, object?>(StringComparer.Ordinal) { ["uuid"] = Uuid };
        Describe(described, db);
        var record = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var field in DataModel.Classes[Table].Fields.Values)
        {
            if (field.Since > db.ApiMinor)
                continue;
            record[field.Name] = Extra.TryGetValue(field.Name, out var value) || described.TryGetValue(field.Name, out value) ? value : field.DefaultValue();
        }

        return record;
    }

    /// <summary>Writes one field as a client's setter does.</summary>
    public virtual void Set(string field, object? value)
    {
        switch (field)
        {
            case "name_label": NameLabel = Text(field, value); break;
            case "name_description": NameDescription = Text(field, value); break;
            case "other_config": OtherConfig = Call.TextMap(value, field); break;
            case "tags": Tags = [.. (value as List<object?> ?? throw Wrong(field)).Select(v => Text(field, v))]; break;
            default: Extra[field] = value; break;
        }
    }

    protected abstract void Describe(Dictionary<string, object?> r, Database db);

    protected static string Text(string field, object? value) => value as string ?? throw Wrong(field);

    protected void Named(Dictionary<string, object?> r)
    {
        r["name_label"] = NameLabel;
        r["name_description"] = NameDescription;
        r["tags"] = Set(Tags);
        Configured(r);
    }

    protected void Configured(Dictionary<string, object?> r) => r["other_config"] = Map(OtherConfig);

    protected static Dictionary<string, object?> Map(Dictionary<string, string> map) => map.ToDictionary(p => p.Key, object? (p) => p.Value, StringComparer.Ordinal);

    protected static List<object?> Set(IEnumerable<string> items) => [.. items];

    protected static DateTimeOffset Never => DateTimeOffset.UnixEpoch;

    private static XenError Wrong(string field) => new("FIELD_TYPE_ERROR", field);
}
