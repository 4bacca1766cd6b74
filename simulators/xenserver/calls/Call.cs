using System.Globalization;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>One authenticated call under way: its arguments without the session, its task, and the fault planned for it.</summary>
internal sealed class Call(Pool pool, string method, IReadOnlyList<object?> arguments, TaskRow task, SessionRow? session, FaultSpecification? fault)
{
    public Pool Pool { get; } = pool;

    public Database Db => Pool.Db;

    public TaskRow Task { get; } = task;

    public SessionRow? Session { get; } = session;

    public FaultSpecification? Fault { get; } = fault;

    public int Count => arguments.Count;

    public string Text(int i, string whenOmitted = "") => i >= arguments.Count ? whenOmitted : arguments[i] as string ?? throw Wrong(i);

    /// <summary>The argument as it came.</summary>
    public object? Value(int i) => i >= arguments.Count ? throw Wrong(i) : arguments[i];

    public bool Flag(int i) => arguments[i] switch
    {
        bool b => b,
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw Wrong(i),
    };

    public long Size(int i) => arguments[i] switch
    {
        long n => n,
        string s when long.TryParse(s, out var n) => n,
        _ => throw Wrong(i),
    };

    public double Number(int i) => arguments[i] switch
    {
        double d => d,
        long n => n,
        string s when double.TryParse(s, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) && double.IsFinite(d) => d,
        _ => throw Wrong(i),
    };

    public IReadOnlyList<string> Set(int i) => (arguments[i] as List<object?> ?? throw Wrong(i)).ConvertAll(o => o as string ?? throw Wrong(i));

    public Dictionary<string, string> Map(int i) => i >= arguments.Count ? [] : TextMap(arguments[i], "argument " + (i + 1));

    public Fields Struct(int i) => new(arguments[i] as Dictionary<string, object?> ?? throw Wrong(i));

    public T Row<T>(int i, string table)
        where T : Row => Db.Get<T>(table, Text(i));

    internal static Dictionary<string, string> TextMap(object? value, string what)
    {
        if (value is not Dictionary<string, object?> map)
            throw new XenError("FIELD_TYPE_ERROR", what);
        return map.ToDictionary(p => p.Key, p => p.Value as string ?? throw new XenError("FIELD_TYPE_ERROR", what + "." + p.Key), StringComparer.Ordinal);
    }

    private XenError Wrong(int i) => new("FIELD_TYPE_ERROR", $"{method} argument {i + 1}");
}

/// <summary>The struct that a generated constructor takes.</summary>
internal sealed class Fields(Dictionary<string, object?> values)
{
    public string Text(string name, string? whenOmitted = null) => Value(name, whenOmitted) as string ?? throw new XenError("FIELD_TYPE_ERROR", name);

    public bool Flag(string name, bool? whenOmitted = null) => Value(name, whenOmitted) is bool b ? b : throw new XenError("FIELD_TYPE_ERROR", name);

    public long Size(string name) => Value(name, null) switch
    {
        long n => n,
        string s when long.TryParse(s, out var n) => n,
        _ => throw new XenError("FIELD_TYPE_ERROR", name),
    };

    public Dictionary<string, string> Map(string name, bool required = false) =>
        values.TryGetValue(name, out var v) ? Call.TextMap(v, name) : required ? throw new XenError("FIELD_TYPE_ERROR", name) : [];

    public string[] Set(string name) => values.GetValueOrDefault(name) is List<object?> list ? [.. list.OfType<string>()] : [];

    /// <summary>The members but those named.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Others(params string[] names) => values.Where(p => !names.Contains(p.Key, StringComparer.Ordinal));

    private object Value(string name, object? whenOmitted) =>
        values.GetValueOrDefault(name) ?? whenOmitted ?? throw new XenError("FIELD_TYPE_ERROR", name);
}
