namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary>The packs that one operation deals with, by small numbers. 40 bytes a pack and as much for the look-up: 20 MiB for the 260,000 packs of 2 TiB. Safe for many threads.</summary>
internal sealed class PackTable
{
    private readonly Lock _gate = new();
    private readonly List<ObjectName> _names = [];
    private readonly Dictionary<ObjectName, int> _numbers = [];
    private readonly HashSet<int> _barred = [];

    public int Count
    {
        get
        {
            lock (_gate)
                return _names.Count;
        }
    }

    /// <summary>The number of a pack; a new one where it had none.</summary>
    public int Number(ObjectName name)
    {
        lock (_gate)
        {
            if (_numbers.TryGetValue(name, out var number))
                return number;
            _names.Add(name);
            _numbers.Add(name, _names.Count - 1);
            return _names.Count - 1;
        }
    }

    /// <summary>A number for a pack that has no name yet.</summary>
    public int Reserve()
    {
        lock (_gate)
        {
            _names.Add(default);
            return _names.Count - 1;
        }
    }

    public void SetName(int number, ObjectName name)
    {
        lock (_gate)
        {
            _names[number] = name;
            _numbers[name] = number;
        }
    }

    public ObjectName Name(int number)
    {
        lock (_gate)
            return _names[number];
    }

    /// <summary>A pack that is being collected: nothing may come to refer to it.</summary>
    public void Bar(ObjectName name)
    {
        var number = Number(name);
        lock (_gate)
            _barred.Add(number);
    }

    public bool IsBarred(int number)
    {
        lock (_gate)
            return _barred.Count > 0 && _barred.Contains(number);
    }
}
