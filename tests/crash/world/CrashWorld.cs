using System.Text.Json.Nodes;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.Guest;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.Simulators.XenServer;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>What survives the process: appliances, store, hub and catalog files, and the clock. Small, and cheap to make by the hundred.</summary>
internal sealed class CrashWorld : IDisposable
{
    public const string ArrayPassword = "array-secret-canary";
    public const string PoolPassword = "pool-secret-canary";
    public const string CloudSecret = "cloud-secret-canary";
    public const string HookToken = "hook-secret-canary";
    public const string WebhookSecret = "webhook-secret-canary";
    public const string CallbackSecret = "callback-secret-canary";

    private const string Svip = "10.117.2.10";

    /// <summary>Three blocks of a VHD, the one in the middle empty: thousands of them are copied.</summary>
    public const long VirtualSize = 6 << 20;
    private const string OtherSvip = "10.118.2.10";
    private const long SecondSize = 4 << 20;
    private static readonly Lazy<byte[]> s_image = new(MakeImage);
    private static readonly Task<string> s_root = RootAsync();

    private static readonly Lazy<byte[]> s_second = new(MakeSecondImage);

    private readonly SparseVolumeStore _blocks;
    private readonly SparseVolumeStore? _otherBlocks;
    private readonly CrashWorld? _shared;

    public CrashWorld(WorldOptions? options = null)
    {
        Options = options ?? new WorldOptions();
        _blocks = SparseVolumeStore.InMemory();
        Clock = new ManualTimeProvider();
        Faults = new FaultPlan();
        Network = new InProcessHandler();
        Fabric = new StorageFabric();
        // The page cache survives a simulated death, so there is nothing for fsync to prove here: memory is as good as a disk.
        Folder = MakeFolder();
        StorePath = Directory.CreateDirectory(Path.Combine(Folder, "nfs")).FullName;
        Array = new SolidFireSimulator(
            new SolidFireOptions { Password = ArrayPassword, Svip = Svip, CloneTime = TimeSpan.FromSeconds(2), Limits = Options.VolumesPerAccount is { } most ? new SolidFireLimits { VolumesPerAccount = most } : new() },
            Clock, Faults, _blocks);
        Fabric.Register($"{Svip}:3260", Array);
        if (Options.TwoArrays)
        {
            _otherBlocks = SparseVolumeStore.InMemory();
            Other = MakeOther(_otherBlocks);
        }

        Production = Pool("production", 1);
        Backup = Pool("backup", 2);
        Cloud = new CloudStackSimulator(new CloudStackOptions { ApiKey = "key", SecretKey = CloudSecret }, Clock, Faults);
        Agent = new GuestAgent(HookToken, Clock, Faults);
        Network.Add("array.test:443", Array).Add("production.test:443", Production).Add("backup.test:443", Backup).Add("cloud.test:443", Cloud).Add("hook.test:80", Agent);
        if (Other is not null) Network.Add("other.test:443", Other);
        Volume = MakeVolume();
        if (Options.TwoVolumes) Second = MakeSecond();
    }

    private CrashWorld(CrashWorld shared)
    {
        _shared = shared;
        _blocks = shared._blocks;
        Folder = MakeFolder();
        (Options, Clock, Faults, Network, Fabric, StorePath) = (shared.Options, shared.Clock, shared.Faults, shared.Network, shared.Fabric, shared.StorePath);
        OtherFaults = shared.OtherFaults;
        (Array, Other, Production, Backup, Cloud, Agent, Volume) = (shared.Array, shared.Other, shared.Production, shared.Backup, shared.Cloud, shared.Agent, shared.Volume);
    }

    public WorldOptions Options { get; }

    public ManualTimeProvider Clock { get; }

    public FaultPlan Faults { get; }

    public InProcessHandler Network { get; }

    public string Folder { get; }

    public string StorePath { get; }

    public SolidFireSimulator Array { get; }

    /// <summary>The second array, where there are two; its faults are its own.</summary>
    public SolidFireSimulator? Other { get; }

    public FaultPlan OtherFaults { get; } = new();

    public IReadOnlyList<SolidFireSimulator> Arrays => Other is null ? [Array] : [Array, Other];

    /// <summary>The one that has the volumes.</summary>
    public SolidFireSimulator Home => Options.SourceOnOther ? Other! : Array;

    public XenServerSimulator Production { get; }

    public XenServerSimulator Backup { get; }

    public CloudStackSimulator Cloud { get; }

    public GuestAgent Agent { get; }

    public SampleVolume Volume { get; }

    /// <summary>The machine's other volume, where it has one.</summary>
    public SampleVolume? Second { get; }

    private StorageFabric Fabric { get; }

    public static async Task<string> ExpectedSecondRootAsync() =>
        (await DiskHasher.ComputeAsync(new MemoryStream(s_second.Value), SecondSize, DiskHashOptions.Default, progress: null, CancellationToken.None)).Root.ToString();

    /// <summary>The root that a true copy must have.</summary>
    public static Task<string> ExpectedRootAsync() => s_root;

    /// <summary>Content of the volume's disk at the beginning.</summary>
    public static ReadOnlySpan<byte> Image => s_image.Value;

    /// <summary>A volume of CloudStack's that belongs to no machine, with something else in it: its ids.</summary>
    /// <param name="described">As CloudStack describes it, where that is not what is there.</param>
    public SampleVolume AddDetached(long virtualSize, SolidFireSimulator? on = null, Func<CloudVolume, SampleVolume, CloudVolume>? described = null)
    {
        var (id, iqn, sr, vdi) = MakeLun("spare", virtualSize, account: 1, on);
        Production.World.WriteVdi(vdi, 2 << 20, s_image.Value.AsSpan(4 << 20, 1 << 20));
        Production.World.ForgetSr(sr);
        (on ?? Home).Call("RemoveVolumesFromVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = Group("production", on), ["volumes"] = new JsonArray(id) });
        var volume = new SampleVolume(Guid.NewGuid().ToString(), "", id, iqn, sr, vdi, "");
        var known = new CloudVolume(volume.CloudStackId, "spare", "tenant", Cloud.ZoneId, null, vdi, virtualSize, "SolidFire", "DATADISK", Clock.GetUtcNow());
        Cloud.Add(described is null ? known : described(known, volume));
        return volume;
    }

    /// <summary>Puts the volume into the production hosts' access group, or takes it out.</summary>
    public void SetAccess(long volumeId, bool granted) => Home.Call(
        granted ? "AddVolumesToVolumeAccessGroup" : "RemoveVolumesFromVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = Group("production"), ["volumes"] = new JsonArray(volumeId) });

    /// <summary>A host of no pool that logs in with the account's secret: no access group shows it.</summary>
    public void LogInStranger(string iqn) =>
        Assert.NotNull(Home.Login(new InitiatorLogin("iqn.2026-01.test:stranger", iqn, ChapUsername: "tenant")));

    /// <summary>A pool has the LUN, and no host of it is logged in just now.</summary>
    public void LeavePlugged(SampleVolume volume)
    {
        SetAccess(volume.VolumeId, granted: true);
        Production.World.IntroduceLvmSr(Svip, volume.Iqn, $"/{volume.Iqn}/0");
        SetAccess(volume.VolumeId, granted: false);
    }

    /// <summary>CloudStack knows nothing of the volume any more.</summary>
    public void DropCloudStacksMark(long volumeId) => Home.Call("ModifyVolume", new JsonObject { ["volumeID"] = volumeId, ["attributes"] = new JsonObject() });

    /// <summary>Stops the machine as CloudStack does: its disk is off every host, and no host reaches the LUN.</summary>
    public void StopMachine()
    {
        Production.World.ForgetSr(Volume.SrUuid);
        SetAccess(Volume.VolumeId, granted: false);
        Cloud.SetVirtualMachineState(Volume.CloudStackVmId, "Stopped");
    }

    /// <summary>Starts it again as CloudStack does: access, SR, disk.</summary>
    public void StartMachine()
    {
        SetAccess(Volume.VolumeId, granted: true);
        Production.World.IntroduceLvmSr(Svip, Volume.Iqn, $"/{Volume.Iqn}/0");
        Cloud.SetVirtualMachineState(Volume.CloudStackVmId, "Running");
    }

    /// <summary>The one disk on a LUN, as a host that is given access finds it.</summary>
    public byte[] ReadLun(long volumeId, SolidFireSimulator? on = null)
    {
        var array = on ?? Home;
        var iqn = (string)array.Call("ListVolumes", new JsonObject { ["volumeIDs"] = new JsonArray(volumeId) })["volumes"]![0]!["iqn"]!;
        array.Call("AddVolumesToVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = Group("production", array), ["volumes"] = new JsonArray(volumeId) });
        var sr = Production.World.IntroduceLvmSr(array.Options.Svip, iqn, $"/{iqn}/0");
        var disk = new byte[Production.Inventory().Vdis.Count(vdi => vdi.Sr == sr) == 1 ? VirtualSize : throw new InvalidOperationException("The LUN does not hold exactly one disk.")];
        Production.World.ReadVdi(Production.World.VdisOf(sr)[0], 0, disk);
        Production.World.ForgetSr(sr);
        array.Call("RemoveVolumesFromVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = Group("production", array), ["volumes"] = new JsonArray(volumeId) });
        return disk;
    }

    /// <summary>The same appliances and stores with a folder of its own for hub and catalog: another installation, or ours after a loss.</summary>
    public CrashWorld Elsewhere() => new(this);

    public void Dispose()
    {
        if (_shared is null)
        {
            Agent.Dispose();
            _blocks.Dispose();
        }

        _otherBlocks?.Dispose();

        Directory.Delete(Folder, recursive: true);
    }

    private XenServerSimulator Pool(string name, int seed)
    {
        var hosts = Enumerable.Range(1, 2).Select(n => new XenServerHostOptions($"{name}-{n}", $"iqn.2026-01.test:{name}-{n}", n == 1 ? $"{name}.test" : $"{name}-{n}.test")).ToList();
        var pool = new XenServerSimulator(new XenServerOptions
        {
            PoolName = name,
            ProductVersion = Options.ProductVersion,
            Hosts = hosts,
            RootPassword = PoolPassword,
            Fabric = Fabric,
            Faults = Faults,
            Clock = Clock,
            Exports = new Dictionary<string, string>(StringComparer.Ordinal) { ["nfs.test:/export"] = StorePath },
            CopyBytesPerSecond = Options.CopyBytesPerSecond,
            Seed = seed,
        });
        foreach (var array in Arrays) array.Call("CreateVolumeAccessGroup", new JsonObject { ["name"] = name, ["initiators"] = new JsonArray([.. hosts.Select(host => (JsonNode)host.InitiatorIqn)]) });
        return pool;
    }

    private SampleVolume MakeVolume()
    {
        var account = (long)Home.Call("AddAccount", new JsonObject { ["username"] = "tenant" })["accountID"]!;
        if (Other is not null) MakeBystander(Home == Array ? Other : Array);
        var (id, iqn, sr, vdi) = MakeLun("data-1", VirtualSize, account);
        for (var offset = 0; offset < s_image.Value.Length; offset += 1 << 20)
        {
            var piece = s_image.Value.AsSpan(offset, 1 << 20);
            if (piece.ContainsAnyExcept((byte)0)) Production.World.WriteVdi(vdi, offset, piece);
        }

        var vm = Production.World.CreateRunningVm("i-2-5-VM", vdi);
        var cloudVm = Guid.NewGuid().ToString();
        var cloudVolume = Guid.NewGuid().ToString();
        Cloud.AddAccount("tenant");
        Cloud.Add(new CloudVirtualMachine(cloudVm, "web", "i-2-5-VM", "tenant", Cloud.ZoneId, "Running", "production-1", Clock.GetUtcNow()));
        Cloud.Add(new CloudVolume(cloudVolume, "DATA-1", "tenant", Cloud.ZoneId, cloudVm, vdi, VirtualSize, "SolidFire", "DATADISK", Clock.GetUtcNow()));
        Agent.AddGuest(vm, cloudVm);
        return new SampleVolume(cloudVolume, cloudVm, id, iqn, sr, vdi, vm);
    }

    private static async Task<string> RootAsync() =>
        (await DiskHasher.ComputeAsync(new MemoryStream(s_image.Value), VirtualSize, DiskHashOptions.Default, progress: null, CancellationToken.None)).Root.ToString();

    /// <summary>One more disk of the machine, smaller and with other content.</summary>
    private SampleVolume MakeSecond() => AddAttached("data-2", Home);

    /// <summary>Another disk of the machine, on an array of choice.</summary>
    public SampleVolume AddAttached(string name, SolidFireSimulator on)
    {
        var (id, iqn, sr, vdi) = MakeLun(name, SecondSize, account: 1, on);
        Production.World.WriteVdi(vdi, 0, s_second.Value.AsSpan(0, 1 << 20));
        Production.World.PlugDisk(Volume.VmUuid, vdi);
        var cloudVolume = Guid.NewGuid().ToString();
        Cloud.Add(new CloudVolume(cloudVolume, name.ToUpperInvariant(), "tenant", Cloud.ZoneId, Volume.CloudStackVmId, vdi, SecondSize, "SolidFire", "DATADISK", Clock.GetUtcNow()));
        return new SampleVolume(cloudVolume, Volume.CloudStackVmId, id, iqn, sr, vdi, Volume.VmUuid);
    }

    private SolidFireSimulator MakeOther(SparseVolumeStore blocks)
    {
        var other = new SolidFireSimulator(
            new SolidFireOptions { ClusterName = "other", UniqueId = "2abc", Uuid = new Guid("77777777-4f0b-4d6c-9d32-0e5d1f7b2c22"), Password = ArrayPassword, Svip = OtherSvip, CloneTime = TimeSpan.FromSeconds(2) }, Clock, OtherFaults, blocks);
        Fabric.Register($"{OtherSvip}:3260", other);
        return other;
    }

    /// <summary>Another tenant's volume on the array that has not ours: of the same id, account id and name.</summary>
    private static void MakeBystander(SolidFireSimulator array)
    {
        var account = (long)array.Call("AddAccount", new JsonObject { ["username"] = "bystander" })["accountID"]!;
        array.Call("CreateVolume", new JsonObject
        {
            ["name"] = "data-1", ["accountID"] = account, ["totalSize"] = 1_000_000_000, ["enable512e"] = true, ["attributes"] = new JsonObject { ["CloudStackVolumeId"] = "99" },
        });
    }

    private (long Id, string Iqn, string Sr, string Vdi) MakeLun(string name, long virtualSize, long account, SolidFireSimulator? on = null)
    {
        var array = on ?? Home;
        var created = array.Call("CreateVolume", new JsonObject
        {
            ["name"] = name,
            ["accountID"] = account,
            ["totalSize"] = Math.Max(1_000_000_000, PoolWorld.LunBytesFor(virtualSize)),
            ["enable512e"] = true,
            ["attributes"] = new JsonObject { ["CloudStackVolumeId"] = "17" },
        });
        var id = (long)created["volumeID"]!;
        var iqn = (string)created["volume"]!["iqn"]!;
        array.Call("AddVolumesToVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = Group("production", array), ["volumes"] = new JsonArray(id) });
        var sr = Production.World.CreateLvmSr(array.Options.Svip, iqn, $"/{iqn}/0");
        return (id, iqn, sr, Production.World.CreateVdi(sr, virtualSize, name));
    }

    /// <summary>The access group of a pool's hosts.</summary>
    public long Group(string name, SolidFireSimulator? on = null) => (long)(on ?? Home).Call("ListVolumeAccessGroups")["volumeAccessGroups"]!.AsArray().Single(entry => (string)entry!["name"]! == name)!["volumeAccessGroupID"]!;

    private static byte[] MakeSecondImage()
    {
        var image = new byte[SecondSize];
        new Random(9).NextBytes(image.AsSpan(0, 1 << 20));
        return image;
    }

    private static string MakeFolder() =>
        Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"swf-crash-{Guid.NewGuid():N}")).FullName;

    private static byte[] MakeImage()
    {
        var image = new byte[VirtualSize];
        new Random(7).NextBytes(image.AsSpan(0, 256 << 10));
        new Random(8).NextBytes(image.AsSpan(4352 << 10, 768 << 10));
        image.AsSpan(5632 << 10, 256 << 10).Fill(0x5A);
        return image;
    }
}

internal sealed record SampleVolume(string CloudStackId, string CloudStackVmId, long VolumeId, string Iqn, string SrUuid, string VdiUuid, string VmUuid);

internal sealed record WorldOptions
{
    public string ProductVersion { get; init; } = "8";

    public string Quiesce { get; init; } = "none";

    /// <summary>offload or stream; null leaves it to the destination.</summary>
    public string? Copy { get; init; }

    /// <summary>The machine has two disks.</summary>
    public bool TwoVolumes { get; init; }

    /// <summary>The array's limit of volumes in one account; null: its own.</summary>
    public int? VolumesPerAccount { get; init; }

    /// <summary>There is a second array, and another's volume of the same id, name and account id on it.</summary>
    public bool TwoArrays { get; init; }

    /// <summary>Our volumes lie on the second array, and that other one on the first.</summary>
    public bool SourceOnOther { get; init; }

    /// <summary>vhd or chunks; null leaves it to the product.</summary>
    public string? Format { get; init; }

    /// <summary>Of clones, as the arrays' settings say.</summary>
    public SnapshotWorkflows.SolidFire.CopyQosOptions? CopyQos { get; init; }

    /// <summary>Null: a copy takes no time.</summary>
    public long? CopyBytesPerSecond { get; init; } = 3 << 20;
}
