namespace SnapshotWorkflows.Tests.Crash.Explorer;

/// <summary>
/// Decides at every point whether the process dies there. Death is sticky: once dead, every later point throws, so that no catch block can write
/// anything from beyond the grave.
/// </summary>
/// <param name="fatalName">Dies, in place of a number, where a point of this name comes first.</param>
internal class CrashSwitch(int fatalPoint, string? fatalName = null)
{
    private readonly Lock _gate = new();
    private bool _dead;

    /// <summary>Chances to die that this life had.</summary>
    public int Seen { get; private set; }

    public string? DiedAt { get; private set; }

    /// <summary>The chances by name, in their order.</summary>
    public List<string> Names { get; } = [];

    public static CrashSwitch Never => new(-1);

    public virtual void Point(string where)
    {
        lock (_gate)
        {
            if (_dead) throw new SimulatedCrash(where);
            Names.Add(where);
            if (Seen++ != fatalPoint && where != fatalName) return;
            _dead = true;
            DiedAt = where;
            throw new SimulatedCrash(where);
        }
    }
}
