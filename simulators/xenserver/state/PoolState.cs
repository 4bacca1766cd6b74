using System.Globalization;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// Keeps a pool over the end of the process: its rows are saved before a call is answered, and at the next start hosts log in to their
/// LUNs again and machines go on. Guarded by the pool's lock.
/// </summary>
internal sealed class PoolState
{
    private const string Version = "version";
    private const string Ids = "ids";
    private readonly Pool _pool;
    private readonly StateMirror _mirror;
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private long _saved;

    public PoolState(Pool pool, IStateStore store)
    {
        _pool = pool;
        _mirror = new StateMirror(store);
    }

    private string Rows => $"xenserver/{_pool.Options.PoolName}/rows";

    private string Facts => $"xenserver/{_pool.Options.PoolName}/facts";

    /// <summary>False when nothing was ever saved of this pool.</summary>
    /// <exception cref="ArgumentException">What was saved is of another version.</exception>
    public bool Load()
    {
        var facts = _mirror.Load(Facts);
        if (facts.Count == 0)
            return false;
        if (facts[Version] != _pool.Options.ProductVersion)
            throw new ArgumentException($"Pool {_pool.Options.PoolName} was saved as version {facts[Version]}, not {_pool.Options.ProductVersion}. Choose that version, or another folder.");
        _pool.Ids.Count = int.Parse(facts[Ids], CultureInfo.InvariantCulture);
        var attached = new List<Row>();
        foreach (var text in _mirror.Load(Rows).Values)
        {
            var (row, wasAttached) = RowText.Read(text);
            _pool.Db.Add(row);
            if (wasAttached)
                attached.Add(row);
        }

        foreach (var pbd in attached.OfType<PbdRow>())
            Plug(pbd);
        foreach (var vbd in attached.OfType<VbdRow>())
            Attach(vbd);
        return true;
    }

    /// <summary>Saves what changed since the last time.</summary>
    public void Save()
    {
        var db = _pool.Db;
        if (db.Generation == _saved)
            return;
        var changes = _saved == 0 ? null : db.Since(_saved);
        foreach (var reference in changes?.Select(c => c.Ref).Distinct() ?? db.All<Row>().Select(r => r.Ref))
        {
            if (db.Find<Row>(reference) is { } row && IsKept(row))
                _texts[reference] = RowText.Write(row);
            else
                _texts.Remove(reference);
        }

        _saved = db.Generation;
        _mirror.Show(Rows, _texts);
        _mirror.Show(Facts, [new(Version, _pool.Options.ProductVersion), new(Ids, _pool.Ids.Count.ToString(CultureInfo.InvariantCulture))]);
        _mirror.Commit();
    }

    /// <summary>What the control domain holds for an export goes with the process.</summary>
    private bool IsKept(Row row) =>
        RowText.IsKept(row.Table) && (row is not VbdRow vbd || _pool.Db.Find<VmRow>(vbd.Vm) is { IsControlDomain: false });

    private void Plug(PbdRow pbd)
    {
        try
        {
            var sr = _pool.Db.Get<SrRow>("SR", pbd.Sr);
            pbd.Attachment = _pool.Driver(sr).Attach(_pool.Db.Get<HostRow>("host", pbd.Host), sr, pbd.DeviceConfig);
        }
        catch (Exception e) when (e is XenError or IOException)
        {
            // As after a host's restart when its storage does not answer: the PBD is there, unplugged.
            pbd.Attachment = null;
        }
    }

    private void Attach(VbdRow vbd)
    {
        try
        {
            VmCalls.Attach(_pool, vbd);
        }
        catch (Exception e) when (e is XenError or IOException)
        {
            if (_pool.Db.Find<VmRow>(vbd.Vm) is { } vm)
                VmCalls.Halt(_pool, vm);
        }
    }
}
