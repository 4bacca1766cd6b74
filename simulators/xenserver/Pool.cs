using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>The state of one pool and what happens to it over time. Everything here runs under <see cref="Gate"/>.</summary>
internal sealed class Pool
{
    private static readonly TimeSpan FinishedTaskLife = TimeSpan.FromMinutes(65);
    private static readonly TimeSpan IdleTaskLife = TimeSpan.FromHours(24);
    private static readonly TimeSpan IdleSessionLife = TimeSpan.FromHours(24);
    private const int MaximumTasks = 200;
    private readonly List<PoolJob> _jobs = [];
    private readonly PoolState? _state;

    public Pool(XenServerOptions options)
    {
        Options = options;
        Db = new Database(ApiVersion.Of(options.ProductVersion).Minor);
        Ids = new Identifiers(options.PoolName, options.Seed);
        Exports = new Exports(options.Exports);
        var initiator = new IscsiInitiator(options.Fabric);
        Resigner = new ResignDriver(initiator, Ids);
        Lvm = new LvmOverIscsiDriver(Db, initiator, Ids, options.Clock);
        Drivers = new Dictionary<string, SrDriver>(StringComparer.Ordinal)
        {
            ["lvmoiscsi"] = Lvm,
            ["nfs"] = new FileDriver(isNfs: true, Exports, options.ExportCapacity, options.Clock),
            ["file"] = new FileDriver(isNfs: false, Exports, options.ExportCapacity, options.Clock),
        };
        Disks = new OpenDisks(this);
        _state = options.State is null ? null : new PoolState(this, options.State);
        if (_state?.Load() != true)
            PoolSetup.Fill(this);
        Save();
    }

    public Lock Gate { get; } = new();

    public XenServerOptions Options { get; }

    public Database Db { get; }

    public Identifiers Ids { get; }

    public Exports Exports { get; }

    public ResignDriver Resigner { get; }

    public LvmOverIscsiDriver Lvm { get; }

    public IReadOnlyDictionary<string, SrDriver> Drivers { get; }

    public OpenDisks Disks { get; }

    /// <summary>Counts restarts; an answer of an earlier life must not go on.</summary>
    public int Life { get; private set; }

    /// <summary>After a restart nothing answers before this moment.</summary>
    public DateTimeOffset AwayUntil { get; private set; } = DateTimeOffset.MinValue;

    public DateTimeOffset Now => Options.Clock.GetUtcNow();

    public PoolRow Self => Db.All<PoolRow>()[0];

    public HostRow Coordinator => Db.Get<HostRow>("host", Self.Master);

    public VmRow ControlDomain(HostRow host) => Db.All<VmRow>().Find(v => v.IsControlDomain && v.ResidentOn == host.Ref)!;

    public SrDriver Driver(SrRow sr) => Drivers.GetValueOrDefault(sr.Type) ?? throw new XenError("SR_UNKNOWN_DRIVER", sr.Type);

    /// <summary>A plugged PBD of the SR whose host answers; the coordinator's first.</summary>
    public PbdRow Plugged(SrRow sr)
    {
        var plugged = sr.Pbds(Db).Where(p => p.Attached).OrderBy(p => p.Host == Self.Master ? 0 : 1).ToList();
        if (plugged.Count == 0)
            throw new XenError("SR_NO_PBDS", sr.Ref);
        return plugged.Find(p => Db.Get<HostRow>("host", p.Host).Online) ?? throw new XenError("HOST_OFFLINE", plugged[0].Host);
    }

    /// <summary>Calls under way.</summary>
    public IReadOnlyList<PoolJob> Jobs => _jobs;

    public void Step()
    {
        foreach (var job in _jobs.ToArray())
            if (job.Advance())
                _jobs.Remove(job);
        foreach (var vbd in Db.All<VbdRow>())
            if (vbd.DetachAt <= Now)
                VmCalls.Detach(this, vbd, destroy: true);
        foreach (var vdi in Db.All<VdiRow>())
            if (vdi.Changes?.TakeDirty() == true)
                Db.Touch(vdi);
        CollectGarbage();
        Save();
    }

    /// <summary>Saves what changed, where the pool is kept. Called before an answer leaves.</summary>
    public void Save() => _state?.Save();

    public void Start(PoolJob job)
    {
        if (!job.Advance())
            _jobs.Add(job);
    }

    /// <summary>Sessions and tasks are gone; calls under way stop where they are, and copies leave what they wrote.</summary>
    public void Restart(TimeSpan away)
    {
        Life++;
        AwayUntil = Now + away;
        foreach (var job in _jobs)
            job.Abandon();
        _jobs.Clear();
        foreach (var row in Db.All<SessionRow>().Concat<Row>(Db.All<TaskRow>()))
            Db.Remove(row);
        foreach (var vbd in Db.All<VbdRow>())
            if (Db.Get<VmRow>("VM", vbd.Vm).IsControlDomain)
                VmCalls.Detach(this, vbd, destroy: true);
        foreach (var row in Db.All<Row>())
            row.CurrentOperations.Clear();
    }

    public TaskRow NewTask(string label, string description = "") => Db.Add(new TaskRow(Ids.New())
    {
        NameLabel = label,
        NameDescription = description,
        Created = Now,
        LastProgress = Now,
        ResidentOn = Self.Master,
    });

    /// <summary>The task of an HTTP request that brought none: it goes when the request has ended.</summary>
    public TaskRow NewHandlerTask(string label)
    {
        var task = NewTask(label);
        task.DestroyAtEnd = true;
        return task;
    }

    public void Succeed(TaskRow task, object? result) => End(task, "success", XmlForm.ValueText(result), []);

    public void Fail(TaskRow task, XenError error) =>
        End(task, error.Code == "TASK_CANCELLED" ? "cancelled" : "failure", "", error.Description);

    public void Progress(TaskRow task, double progress)
    {
        if (progress <= task.Progress)
            return;
        task.Progress = progress;
        task.LastProgress = Now;
        Db.Touch(task);
    }

    private void End(TaskRow task, string status, string result, string[] error)
    {
        if (!task.Pending)
            return;
        task.Status = status;
        task.Result = result;
        task.ErrorInfo = error;
        task.Progress = 1;
        task.Finished = Now;
        if (task.DestroyAtEnd)
            Db.Remove(task);
        else
            Db.Touch(task);
    }

    private void CollectGarbage()
    {
        var tasks = Db.All<TaskRow>();
        foreach (var task in tasks)
            if (task.Finished is { } finished ? Now - finished > FinishedTaskLife : Now - task.LastProgress > IdleTaskLife)
                Db.Remove(task);
        var finishedTasks = Db.All<TaskRow>().Where(t => !t.Pending).OrderBy(t => t.Finished).ToList();
        foreach (var task in finishedTasks.Take(Db.Table("task").Count - MaximumTasks))
            Db.Remove(task);
        foreach (var session in Db.All<SessionRow>())
            if (Now - session.LastActive > IdleSessionLife)
                Db.Remove(session);
    }
}
