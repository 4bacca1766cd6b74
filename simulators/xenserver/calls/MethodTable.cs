namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>One message of the API: how many arguments it takes besides the session, and what it does.</summary>
internal sealed record Method(string Name, int Least, int Most, bool HasAsync, Func<Call, object?> Body);

/// <summary>Every message that this pool knows.</summary>
internal sealed class MethodTable
{
    private readonly Dictionary<string, Method> _methods = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _methods.Values.SelectMany(m => m.HasAsync ? new[] { m.Name, "Async." + m.Name } : [m.Name]).Order(StringComparer.Ordinal);

    public Method? Find(string name) => _methods.GetValueOrDefault(name);

    /// <summary>A message with exactly this many arguments.</summary>
    public void Sync(string name, int arguments, Func<Call, object?> body) => _methods[name] = new Method(name, arguments, arguments, HasAsync: false, body);

    public void Sync(string name, int least, int most, Func<Call, object?> body) => _methods[name] = new Method(name, least, most, HasAsync: false, body);

    /// <summary>A message that can also be called as <c>Async.name</c>.</summary>
    public void Long(string name, int arguments, Func<Call, object?> body) => _methods[name] = new Method(name, arguments, arguments, HasAsync: true, body);

    public void Long(string name, int least, int most, Func<Call, object?> body) => _methods[name] = new Method(name, least, most, HasAsync: true, body);
}
