using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.Guest;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>
/// The sample installation: one array or two, a production and a backup pool of two hosts each, a management server, the guests' agent and an
/// NFS export. The array lets each pool's hosts see what is in that pool's access group, and nothing else.
/// </summary>
internal sealed class SimulatedWorld : IDisposable
{
    public const string NfsServer = "127.0.0.1";
    public const string NfsExport = "/export/secondary";
    public const string Production = "production";
    public const string Backup = "backup";
    public const string SecondArray = "solidfire-2";
    private const string SecondAddress = "10.118.2.10";

    private readonly WorldFolder _folder;
    private readonly StorageFabric _fabric = new();
    private readonly (IDisposable? State, IDisposable Blocks)? _second;

    public SimulatedWorld(ProgramOptions options, WorldFolder folder, TimeProvider clock)
    {
        _folder = folder;
        var state = folder.State ?? (IStateStore)new ForgetfulStateStore();
        Clock = new WorldClock(clock, state);
        Secrets = WorldSecrets.Of(folder.Path, ["solidfire", SecondArray, Production, Backup, "cloudstack"], clock);
        // With iSCSI the portal is one that can be reached; without, an address inside the world where nothing real listens.
        StorageAddress = options.IscsiPort is null ? "10.117.2.10" : "127.0.0.1";
        Array = new SolidFireSimulator(
            new SolidFireOptions
            {
                Password = Secrets.ArrayPassword, Svip = StorageAddress, CloneTime = options.CloneTime, ApiVersion = options.SolidFireVersion,
                State = folder.State, UniqueId = options.Seed is { } seed ? $"s{seed % 1000:000}" : "1mhp",
            }, Clock, Faults, folder.Blocks);
        _fabric.Register(PortalOf(Array), Array);
        if (options.TwoArrays)
        {
            var (rows, blocks) = folder.OpenArray(SecondArray);
            _second = (rows, blocks);
            Second = new SolidFireSimulator(
                Array.Options with
                {
                    ClusterName = "second", UniqueId = options.Seed is { } drawn ? $"t{drawn % 1000:000}" : "2abc", Uuid = new Guid("77777777-4f0b-4d6c-9d32-0e5d1f7b2c22"), Mvip = "10.118.1.10", Svip = SecondAddress,
                    State = rows,
                }, Clock, Faults, blocks);
            _fabric.Register(PortalOf(Second), Second);
        }

        Pools = [Pool(Production, options, 1), Pool(Backup, options, 2)];
        // Signatures expire by the caller's clock, from which nothing is skipped.
        Cloud = new CloudStackSimulator(new CloudStackOptions { ApiKey = Secrets.CloudKey, SecretKey = Secrets.CloudSecret, State = folder.State, Storage = new CloudStorage(volume => Volumes!.ArrayVolume(volume.Id)) }, clock, Faults);
        Agent = new GuestAgent(Secrets.HookToken, Clock, Faults);
        Guest = new GuestSlot(Agent, Clock);
        Volumes = new VolumeBuilder(this, state);
        Driver = new StepDriver(Clock);
        foreach (var array in Arrays) Driver.Add(array);
        foreach (var pool in Pools) Driver.Add(pool);
        Driver.Add(Cloud);
    }

    public string StorageAddress { get; }

    /// <summary>Where an array's volumes are met.</summary>
    public static string PortalOf(SolidFireSimulator array) => $"{array.Options.Svip}:3260";

    public WorldSecrets Secrets { get; }

    public WorldClock Clock { get; }

    public FaultPlan Faults { get; } = new();

    public SolidFireSimulator Array { get; }

    /// <summary>Null where there is one alone. Both answer to faults of the system <c>solidfire</c>.</summary>
    public SolidFireSimulator? Second { get; }

    public IReadOnlyList<SolidFireSimulator> Arrays => Second is null ? [Array] : [Array, Second];

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
        _second?.Blocks.Dispose();
        _second?.State?.Dispose();
        _folder.Dispose();
    }

    private XenServerSimulator Pool(string name, ProgramOptions options, int number)
    {
        var hosts = Enumerable.Range(1, 2).Select(n => new XenServerHostOptions($"{name}-{n}", $"iqn.2026-01.lab.simulated:{name}-{n}")).ToList();
        foreach (var array in Arrays.Where(array => array.Call("ListVolumeAccessGroups")["volumeAccessGroups"]!.AsArray().All(group => (string?)group!["name"] != name)))
        {
            array.Call("CreateVolumeAccessGroup", new JsonObject
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
            CopiesBeside = true,
            State = _folder.State,
        });
    }
}
