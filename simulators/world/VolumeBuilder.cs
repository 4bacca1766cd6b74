using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>A volume to make: the raw image that its disk holds, and the account that owns it.</summary>
/// <param name="Detached">It belongs to no machine: no SR of it in any pool, no access.</param>
/// <param name="VmId">CloudStack's uuid of a machine made earlier, which gets this disk too.</param>
/// <param name="OnSecond">It lies on the second array.</param>
/// <param name="Generated">What its disk holds, instead of an image.</param>
internal sealed record VolumeRequest(
    string Name, string Account, string? ImagePath = null, long? LunBytes = null, bool Detached = false, string? VmId = null, bool OnSecond = false, GeneratedImage? Generated = null);

/// <summary>A volume that was made, by all the names it has.</summary>
internal sealed record SampleVolume(
    string CloudStackVolumeId, string CloudStackVmId, string ZoneId, string AccountName, long SolidFireVolumeId, string Iqn,
    string Pool, string SrUuid, string VdiUuid, string VmUuid, long VirtualSize, bool OnSecond = false);

/// <summary>
/// Makes volumes as CloudStack's SolidFire plug-in leaves them: a LUN of its own for each, the SR on it named <c>/&lt;iqn&gt;/0</c>,
/// one VDI in the SR, attached to a running machine; or a detached one, of which only the LUN is left.
/// </summary>
internal sealed class VolumeBuilder
{
    private const string Table = "world.volumes";

    private readonly Lock _gate = new();
    private readonly SimulatedWorld _world;
    private readonly IStateStore _state;
    private readonly Dictionary<string, SampleVolume> _made = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _machines = new(StringComparer.Ordinal);
    private int _count;

    public VolumeBuilder(SimulatedWorld world, IStateStore state)
    {
        (_world, _state) = (world, state);
        foreach (var row in state.Load(Table).Values)
        {
            var made = JsonSerializer.Deserialize<SampleVolume>(row)!;
            _count++;
            _made[made.CloudStackVolumeId] = made;
            // Several disks of one machine are one guest.
            if (made.VmUuid.Length > 0 && _machines.TryAdd(made.CloudStackVmId, made.VmUuid)) world.Guest.Add(made.VmUuid, world.FindPool(made.Pool), made.CloudStackVmId);
        }
    }

    /// <summary>The array's volume behind one of CloudStack's.</summary>
    /// <exception cref="InvalidOperationException">It was not made here.</exception>
    public (SolidFireSimulator Array, long VolumeId) ArrayVolume(string cloudVolumeId) => _made.TryGetValue(cloudVolumeId, out var made)
        ? (ArrayOf(made.OnSecond), made.SolidFireVolumeId)
        : throw new InvalidOperationException($"No volume of an array belongs to {cloudVolumeId}.");

    /// <exception cref="ArgumentException">The request cannot be met; nothing was made.</exception>
    public SampleVolume Make(VolumeRequest request)
    {
        lock (_gate)
        {
            var lunBytes = LunBytes(request);
            var number = ++_count;
            var production = _world.FindPool(SimulatedWorld.Production);
            var array = ArrayOf(request.OnSecond);
            var (volumeId, iqn) = MakeLun(array, request, lunBytes, number);
            var sr = production.World.CreateLvmSr(SimulatedWorld.PortalOf(array), iqn, $"/{iqn}/0");
            var (vdi, virtualSize) = request.Generated is { } generated
                ? production.World.ImportGenerated(sr, generated, request.Name)
                : production.World.ImportImage(sr, request.ImagePath!, request.Name);
            var cloudVolume = Guid.NewGuid().ToString();
            var (zone, now) = (_world.Cloud.ZoneId, _world.Clock.GetUtcNow());
            _world.Cloud.AddAccount(request.Account);
            var (cloudVm, vm) = request.Detached ? ("", "") : request.VmId is { } known ? (known, Plug(known, vdi)) : MakeMachine(request, number, vdi);
            _world.Cloud.Add(new CloudVolume(cloudVolume, request.Name, request.Account, zone, cloudVm.Length > 0 ? cloudVm : null, vdi, virtualSize, "SolidFire", "DATADISK", now));
            if (request.Detached) Detach(production, sr, array, volumeId);
            var made = new SampleVolume(cloudVolume, cloudVm, zone, request.Account, volumeId, iqn, production.PoolName, sr, vdi, vm, virtualSize, request.OnSecond);
            _made[cloudVolume] = made;
            _state.Save([new StateChange(Table, number.ToString(CultureInfo.InvariantCulture), JsonSerializer.Serialize(made))]);
            return made;
        }
    }

    private (string CloudVm, string Vm) MakeMachine(VolumeRequest request, int number, string vdi)
    {
        var production = _world.FindPool(SimulatedWorld.Production);
        var instance = $"i-2-{number}-VM";
        var vm = production.World.CreateRunningVm(instance, vdi);
        var cloudVm = Guid.NewGuid().ToString();
        _world.Cloud.Add(new CloudVirtualMachine(
            cloudVm, $"vm-{request.Name}", instance, request.Account, _world.Cloud.ZoneId, "Running", production.Hosts[0].Name, _world.Clock.GetUtcNow()));
        _world.Guest.Add(vm, production, cloudVm);
        _machines[cloudVm] = vm;
        return (cloudVm, vm);
    }

    private string Plug(string cloudVm, string vdi)
    {
        var vm = _machines.TryGetValue(cloudVm, out var known) ? known : throw new ArgumentException($"No machine {cloudVm} was made here.");
        _world.FindPool(SimulatedWorld.Production).World.PlugDisk(vm, vdi);
        return vm;
    }

    /// <summary>Detaches a volume that was made here, as CloudStack does: SR, access and machine let go of it.</summary>
    public void Detach(string cloudVolumeId)
    {
        lock (_gate)
        {
            var made = _made.TryGetValue(cloudVolumeId, out var known) ? known : throw new KeyNotFoundException($"No volume {cloudVolumeId} was made here.");
            Detach(_world.FindPool(made.Pool), made.SrUuid, ArrayOf(made.OnSecond), made.SolidFireVolumeId);
            _world.Cloud.DetachVolume(cloudVolumeId);
        }
    }

    private static void Detach(XenServerSimulator production, string sr, SolidFireSimulator array, long volumeId)
    {
        production.World.ForgetSr(sr);
        array.Call("RemoveVolumesFromVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = Group(array), ["volumes"] = new JsonArray(volumeId) });
    }

    private SolidFireSimulator ArrayOf(bool second) => !second ? _world.Array : _world.Second ?? throw new ArgumentException("There is one array alone; start with --arrays 2.");

    private static long Group(SolidFireSimulator array) => (long)array.Call("ListVolumeAccessGroups")["volumeAccessGroups"]!.AsArray()
        .Single(entry => (string)entry!["name"]! == SimulatedWorld.Production)!["volumeAccessGroupID"]!;

    private static long LunBytes(VolumeRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.Name)) throw new ArgumentException("name is required.");
        if (string.IsNullOrWhiteSpace(request.Account)) throw new ArgumentException("account is required.");
        var diskBytes = DiskBytes(request);
        var needed = PoolWorld.LunBytesFor(diskBytes, snapshots: 0);
        if (request.LunBytes < needed) throw new ArgumentException($"lunBytes is {request.LunBytes}; a disk of {diskBytes} bytes needs a LUN of at least {needed}.");
        // Room for a VDI snapshot beside the disk, so that tests can put one there.
        return request.LunBytes ?? PoolWorld.LunBytesFor(diskBytes);
    }

    private static long DiskBytes(VolumeRequest request)
    {
        if (request.Generated is { } generated)
        {
            generated.Check();
            return request.ImagePath is null ? generated.DiskBytes : throw new ArgumentException("A disk is of an image or generated, not both.");
        }

        if (!Path.IsPathFullyQualified(request.ImagePath ?? "")) throw new ArgumentException("imagePath is required and must be an absolute path.");
        var image = new FileInfo(request.ImagePath!);
        return image.Exists && image.Length > 0 ? image.Length : throw new ArgumentException($"There is no image at {request.ImagePath}, or it is empty.");
    }

    private (long VolumeId, string Iqn) MakeLun(SolidFireSimulator array, VolumeRequest request, long lunBytes, int number)
    {
        var created = array.Call("CreateVolume", new JsonObject
        {
            ["name"] = VolumeName(request.Name, number),
            ["accountID"] = Account(array, request.Account),
            ["totalSize"] = Math.Max(array.Options.Limits.VolumeSizeMinimum, lunBytes),
            ["enable512e"] = true,
            // What the plug-in notes: the row number of the volume in CloudStack's database, not its uuid.
            ["attributes"] = new JsonObject { ["CloudStackVolumeId"] = (16 + number).ToString() },
        });
        var id = (long)created["volumeID"]!;
        array.Call("AddVolumesToVolumeAccessGroup", new JsonObject
        {
            ["volumeAccessGroupID"] = Group(array),
            ["volumes"] = new JsonArray(id),
        });
        return (id, (string)created["volume"]!["iqn"]!);
    }

    /// <summary>The array's account of this name, made if it is not there.</summary>
    private static long Account(SolidFireSimulator array, string name)
    {
        var known = array.Call("ListAccounts")["accounts"]!.AsArray().FirstOrDefault(account => (string)account!["username"]! == name);
        return (long)(known ?? array.Call("AddAccount", new JsonObject { ["username"] = name }))["accountID"]!;
    }

    /// <summary>Names on the array are letters, digits and dashes, 64 at most.</summary>
    private static string VolumeName(string name, int number)
    {
        var plain = new string([.. name.Select(character => char.IsAsciiLetterOrDigit(character) ? character : '-')]).Trim('-');
        return plain.Length is > 0 and <= 64 ? plain : $"volume-{number}";
    }
}
