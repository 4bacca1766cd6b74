using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.Guest;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>
/// The sample installation: one array, a production and a backup pool of two hosts each, a management server, the guests' agent and an
/// NFS export. The array lets each pool's hosts see what is in that pool's access group, and nothing else.
/// </summary>
internal sealed class SimulatedWorld : IDisposable
{
    public const string NfsServer = "127.0.0.1";
    public const string NfsExport = "/export/secondary";
    public const string Production = "production";
    public const string Backup = "backup";

    // An address inside the simulated storage network; nothing real listens there.
    private const string StorageAddress = "10.117.2.10";

    private readonly SparseVolumeStore _blocks;
    private readonly string _blocksPath;
    private readonly StorageFabric _fabric = new();

    public SimulatedWorld(ProgramOptions options, TimeProvider clock)
    {
        Clock = clock;
        NfsPath = Directory.CreateDirectory(Path.Combine(options.StatePath, "nfs")).FullName;
        _blocksPath = Path.Combine(options.StatePath, "blocks");
        _blocks = SparseVolumeStore.InDirectory(_blocksPath);
        Array = new SolidFireSimulator(
            new SolidFireOptions { Password = Secret(), Svip = StorageAddress, CloneTime = options.CloneTime }, clock, Faults, _blocks);
        _fabric.Register(Portal, Array);
        Pools = [Pool(Production, options), Pool(Backup, options)];
        Cloud = new CloudStackSimulator(new CloudStackOptions { ApiKey = CloudKey, SecretKey = CloudSecret }, clock, Faults);
        Agent = new GuestAgent(HookToken, clock, Faults);
        Guest = new GuestSlot(Agent, clock);
        Volumes = new VolumeBuilder(this);
        Driver = new StepDriver(clock);
        Driver.Add(Array);
        foreach (var pool in Pools) Driver.Add(pool);
        Driver.Add(Cloud);
    }

    public static string Portal => $"{StorageAddress}:3260";

    public TimeProvider Clock { get; }

    public FaultPlan Faults { get; } = new();

    public SolidFireSimulator Array { get; }

    /// <summary>Production first.</summary>
    public IReadOnlyList<XenServerSimulator> Pools { get; }

    public CloudStackSimulator Cloud { get; }

    public GuestAgent Agent { get; }

    public GuestSlot Guest { get; }

    public VolumeBuilder Volumes { get; }

    public StepDriver Driver { get; }

    public string PoolPassword { get; } = Secret();

    public string CloudKey { get; } = Secret();

    public string CloudSecret { get; } = Secret();

    public string HookToken { get; } = Secret();

    /// <summary>Folder that stands for the export.</summary>
    public string NfsPath { get; }

    /// <exception cref="KeyNotFoundException">No pool has this name.</exception>
    public XenServerSimulator FindPool(string name) =>
        Pools.FirstOrDefault(pool => pool.PoolName == name) ?? throw new KeyNotFoundException($"There is no pool '{name}'; there are {string.Join(" and ", Pools.Select(pool => pool.PoolName))}.");

    public void Dispose()
    {
        Guest.Dispose();
        Agent.Dispose();
        _blocks.Dispose();
        // Without the tables in memory the blocks mean nothing.
        Directory.Delete(_blocksPath, recursive: true);
    }

    private static string Secret() => RandomNumberGenerator.GetHexString(40, lowercase: true);

    private XenServerSimulator Pool(string name, ProgramOptions options)
    {
        var hosts = Enumerable.Range(1, 2).Select(n => new XenServerHostOptions($"{name}-{n}", $"iqn.2026-01.lab.simulated:{name}-{n}")).ToList();
        Array.Call("CreateVolumeAccessGroup", new JsonObject
        {
            ["name"] = name,
            ["initiators"] = new JsonArray([.. hosts.Select(host => (JsonNode)host.InitiatorIqn)]),
        });
        return new XenServerSimulator(new XenServerOptions
        {
            PoolName = name,
            ProductVersion = options.XenServerVersion,
            Hosts = hosts,
            RootPassword = PoolPassword,
            Fabric = _fabric,
            Faults = Faults,
            Clock = Clock,
            Exports = new Dictionary<string, string>(StringComparer.Ordinal) { [$"{NfsServer}:{NfsExport}"] = NfsPath },
            CopyBytesPerSecond = options.CopyBytesPerSecond,
        });
    }
}
