namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>One message of the API: how many arguments it takes besides the session, who may send it, and what it does.</summary>
internal sealed record Method(string Name, int Least, int Most, bool HasAsync, Func<Call, object?> Body)
{
    /// <summary>Minor number of the API (2.x) that first had it.</summary>
    public int Since { get; init; }

    /// <summary>The lowest role that may send it.</summary>
    public string Role { get; init; } = Roles.ReadOnly;
}

/// <summary>Every message that this pool knows.</summary>
internal sealed class MethodTable
{
    private readonly Dictionary<string, Method> _methods = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _methods.Values.SelectMany(m => m.HasAsync ? new[] { m.Name, "Async." + m.Name } : [m.Name]).Order(StringComparer.Ordinal);

    /// <summary>Every message has a second name, with an underscore in place of its dot (event_from, for languages in which "from" is a word).</summary>
    public Method? Find(string name)
    {
        if (_methods.TryGetValue(name, out var method))
            return method;
        var under = name.IndexOf('_', StringComparison.Ordinal);
        // Classes have underscores of their own: VM_metrics_get_record.
        for (; under > 0; under = name.IndexOf('_', under + 1))
            if (_methods.TryGetValue($"{name[..under]}.{name[(under + 1)..]}", out method))
                return method;
        return null;
    }

    /// <summary>A message with exactly this many arguments.</summary>
    public void Sync(string name, int arguments, Func<Call, object?> body) => Sync(name, arguments, arguments, body);

    public void Sync(string name, int least, int most, Func<Call, object?> body) => _methods[name] = new Method(name, least, most, HasAsync: false, body);

    /// <summary>A message that can also be called as <c>Async.name</c>.</summary>
    public void Long(string name, int arguments, Func<Call, object?> body) => Long(name, arguments, arguments, body);

    public void Long(string name, int least, int most, Func<Call, object?> body) => _methods[name] = new Method(name, least, most, HasAsync: true, body);

    /// <summary>Says in which API version messages came up: an older pool does not know them.</summary>
    public void Since(int minor, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            _methods[name] = _methods[name] with { Since = minor };
    }

    /// <summary>
    /// Holds the table against what XenAPI publishes: counts of arguments and roles are the published ones, a message that came up later
    /// than this API version is forgotten, and one that was removed says so.
    /// </summary>
    public void Publish(int apiMinor)
    {
        foreach (var model in DataModel.Classes.Values)
        {
            foreach (var message in model.Messages)
            {
                var name = $"{model.Name}.{message.Name}";
                if (message.Removed <= apiMinor)
                    Sync(name, message.Least, message.Most, _ => throw new XenError("MESSAGE_REMOVED"));
                if (_methods.TryGetValue(name, out var method))
                    _methods[name] = method with { Least = message.Least, Most = message.Most, Role = message.Role, Since = Math.Max(method.Since, message.Since) };
            }
        }

        foreach (var method in _methods.Values.Where(m => m.Since > apiMinor).ToList())
            _methods.Remove(method.Name);
    }
}
