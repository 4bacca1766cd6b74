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

    private readonly WorldFolder _folder;
    private readonly StorageFabric _fabric = new();

    public SimulatedWorld(ProgramOptions options, WorldFolder folder, TimeProvider clock)
    {
        _folder = folder;
        Clock = new WorldClock(clock, folder.State);
        Secrets = WorldSecrets.Of(folder.Path, ["solidfire", Production, Backup, "cloudstack"], clock);
        // With iSCSI the portal is one that can be reached; without, an address inside the world where nothing real listens.
        StorageAddress = options.IscsiPort is null ? "10.117.2.10" : "127.0.0.1";
        Array = new SolidFireSimulator(
            new SolidFireOptions
            {
                Password = Secrets.ArrayPassword, Svip = StorageAddress, CloneTime = options.CloneTime, ApiVersion = options.SolidFireVersion,
                State = folder.State, UniqueId = options.Seed is { } seed ? $"s{seed % 1000:000}" : "1mhp",
            }, Clock, Faults, folder.Blocks);
        _fabric.Register(Portal, Array);
        Pools = [Pool(Production, options, 1), Pool(Backup, options, 2)];
        // Signatures expire by the caller's clock, from which nothing is skipped.
        Cloud = new CloudStackSimulator(new CloudStackOptions { ApiKey = Secrets.CloudKey, SecretKey = Secrets.CloudSecret, State = folder.State, Storage = new CloudStorage(Array, volume => Volumes!.ArrayVolume(volume.Id)) }, clock, Faults);
        Agent = new GuestAgent(Secrets.HookToken, Clock, Faults);
        Guest = new GuestSlot(Agent, Clock);
        Volumes = new VolumeBuilder(this, folder.State);
        Driver = new StepDriver(Clock);
        Driver.Add(Array);
        foreach (var pool in Pools) Driver.Add(pool);
        Driver.Add(Cloud);
    }

    public string StorageAddress { get; }

    public string Portal => $"{StorageAddress}:3260";

    public WorldSecrets Secrets { get; }

    public WorldClock Clock { get; }

    public FaultPlan Faults { get; } = new();

    public SolidFireSimulator Array { get; }

    /// <summary>Production first.</summary>
    public IReadOnlyList<XenServerSimulator> Pools { get; }

    public CloudStackSimulator Cloud { get; }

    public GuestAgent Agent { get; }

    public GuestSlot Guest { get; }

    public VolumeBuilder Volumes { get; }

    public StepDriver Driver { get; }

    /// <summary>Folder that stands for the export.</summary>
    public string NfsPath => _folder.NfsPath;

    /// <exception cref="KeyNotFoundException">No pool has this name.</exception>
    public XenServerSimulator FindPool(string name) =>
        Pools.FirstOrDefault(pool => pool.PoolName == name) ?? throw new KeyNotFoundException($"There is no pool '{name}'; there are {string.Join(" and ", Pools.Select(pool => pool.PoolName))}.");

    public void Dispose()
    {
        Guest.Dispose();
        Agent.Dispose();
        Cloud.Dispose();
        _folder.Dispose();
    }

    private XenServerSimulator Pool(string name, ProgramOptions options, int number)
    {
        var hosts = Enumerable.Range(1, 2).Select(n => new XenServerHostOptions($"{name}-{n}", $"iqn.2026-01.lab.simulated:{name}-{n}")).ToList();
        if (Array.Call("ListVolumeAccessGroups")["volumeAccessGroups"]!.AsArray().All(group => (string?)group!["name"] != name))
        {
            Array.Call("CreateVolumeAccessGroup", new JsonObject
            {
                ["name"] = name,
                ["initiators"] = new JsonArray([.. hosts.Select(host => (JsonNode)host.InitiatorIqn)]),
            });
        }

        return new XenServerSimulator(new XenServerOptions
        {
            PoolName = name,
            ProductVersion = options.XenServerVersion,
            Hosts = hosts,
            RootPassword = Secrets.PoolPassword,
            Seed = options.Seed is { } seed ? (seed * 2) + number : null,
            Fabric = _fabric,
            Faults = Faults,
            Clock = Clock,
            Exports = new Dictionary<string, string>(StringComparer.Ordinal) { [$"{NfsServer}:{NfsExport}"] = NfsPath },
            SrOperationTime = options.SrTime,
            CopyBytesPerSecond = options.CopyBytesPerSecond,
            State = _folder.State,
        });
    }
}
