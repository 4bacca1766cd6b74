using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// What a world's builder does inside a pool: volumes with SRs on them, disks from images, running machines. Uuids name everything.
/// </summary>
public sealed class PoolWorld
{
    private readonly Pool _pool;

    internal PoolWorld(Pool pool) => _pool = pool;

    /// <summary>
    /// Bytes that a LUN needs for one disk of this size, filled to the last block, with room for so many snapshots of a full disk
    /// beside it.
    /// </summary>
    public static long LunBytesFor(long virtualSize, int snapshots = 1)
    {
        var disk = LunLayout.Extents(VhdLayout.FullSize(VdiCalls.Rounded(virtualSize)));
        return LunLayout.FirstExtentOffset + ((1 + (disk * (1 + snapshots))) * LunLayout.ExtentSize);
    }

    /// <summary>
    /// Formats the target's LUN as a shared lvmoiscsi SR and plugs it on every host; all hosts' initiators must have access. Returns
    /// the SR's uuid.
    /// </summary>
    public string CreateLvmSr(string target, string targetIqn, string label) => AddLvmSr(target, targetIqn, label, format: true);

    /// <summary>The same for a LUN that bears an SR already, as CloudStack does when it attaches a volume.</summary>
    public string IntroduceLvmSr(string target, string targetIqn, string label) => AddLvmSr(target, targetIqn, label, format: false);

    private string AddLvmSr(string target, string targetIqn, string label, bool format)
    {
        lock (_pool.Gate)
        {
            var hosts = _pool.Db.All<HostRow>();
            string scsiId;
            string? uuid;
            using (var session = Login(hosts[0], target, targetIqn))
            {
                scsiId = session.Lun.ScsiId;
                uuid = format ? _pool.Ids.New() : VolumeGroup.Open(session.Lun)?.SrUuid;
            }

            var config = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["target"] = target.Split(':')[0], ["targetIQN"] = targetIqn, ["SCSIid"] = scsiId,
            };
            if (target.Contains(':'))
                config["port"] = target.Split(':')[1];
            var sr = new SrRow(uuid ?? throw new InvalidOperationException($"{targetIqn} bears no SR."))
            {
                Ref = "OpaqueRef:" + _pool.Ids.New(), NameLabel = label, NameDescription = label, Type = "lvmoiscsi", ContentType = "user", Shared = true,
            };
            if (format) _pool.Lvm.Create(hosts[0], sr, config);
            _pool.Db.Add(sr);
            foreach (var host in hosts)
                PbdCalls.Plug(_pool, PbdCalls.Add(_pool, host, sr, config, []));
            SrCalls.Scan(_pool, sr);
            _pool.Save();
            return sr.Uuid;
        }
    }

    /// <summary>The disks of an SR.</summary>
    public IReadOnlyList<string> VdisOf(string srUuid)
    {
        lock (_pool.Gate)
            return [.. Get<SrRow>(srUuid).Vdis(_pool.Db).Select(vdi => vdi.Uuid)];
    }

    /// <summary>An empty disk; its uuid. The size is rounded up to 2 MiB.</summary>
    public string CreateVdi(string srUuid, long virtualSize, string nameLabel)
    {
        lock (_pool.Gate)
        {
            var made = VdiCalls.Make(_pool, new VdiRow(_pool.Ids.New())
            {
                Sr = Get<SrRow>(srUuid).Ref,
                NameLabel = nameLabel,
                VirtualSize = VdiCalls.Rounded(virtualSize),
                SmConfig = new(StringComparer.Ordinal) { ["vdi_type"] = "vhd" },
            });
            _pool.Save();
            return made.Uuid;
        }
    }

    /// <summary>A disk that holds what was generated; its uuid and virtual size.</summary>
    public (string VdiUuid, long VirtualSize) ImportGenerated(string srUuid, GeneratedImage image, string nameLabel)
    {
        var uuid = CreateVdi(srUuid, image.DiskBytes, nameLabel);
        var vdi = Get<VdiRow>(uuid);
        var disk = Open(vdi);
        try
        {
            var piece = new byte[GeneratedImage.Piece];
            foreach (var offset in image.Offsets())
            {
                image.Fill(offset, piece);
                disk.Write(offset, piece);
            }
        }
        finally
        {
            Close(vdi);
        }

        return (uuid, vdi.VirtualSize);
    }

    /// <summary>A disk with the contents of a raw image file (regions of zeros stay unallocated); its uuid and virtual size.</summary>
    public (string VdiUuid, long VirtualSize) ImportImage(string srUuid, string rawImagePath, string nameLabel)
    {
        using var image = File.OpenHandle(rawImagePath, options: FileOptions.SequentialScan);
        var length = RandomAccess.GetLength(image);
        var uuid = CreateVdi(srUuid, length, nameLabel);
        var vdi = Get<VdiRow>(uuid);
        var disk = Open(vdi);
        try
        {
            var buffer = new byte[VhdHeader.BlockSize];
            for (long at = 0; at < length;)
            {
                var filled = 0;
                while (filled < buffer.Length && RandomAccess.Read(image, buffer.AsSpan(filled), at + filled) is var n and > 0)
                    filled += n;
                if (filled == 0)
                    throw new IOException($"{rawImagePath} became shorter while it was read.");
                SparseWrite.Write(disk, at, buffer.AsSpan(0, filled));
                at += filled;
            }
        }
        finally
        {
            Close(vdi);
        }

        return (uuid, vdi.VirtualSize);
    }

    public void WriteVdi(string vdiUuid, long offset, ReadOnlySpan<byte> data)
    {
        var vdi = Get<VdiRow>(vdiUuid);
        var disk = Open(vdi);
        try
        {
            disk.Write(offset, data);
        }
        finally
        {
            Close(vdi);
        }
    }

    public void ReadVdi(string vdiUuid, long offset, Span<byte> buffer)
    {
        var vdi = Get<VdiRow>(vdiUuid);
        var disk = Open(vdi);
        try
        {
            disk.Read(offset, buffer);
        }
        finally
        {
            Close(vdi);
        }
    }

    /// <summary>A machine that runs on one host (the coordinator when none is named) with this disk writable; its uuid.</summary>
    public string CreateRunningVm(string nameLabel, string vdiUuid, string? hostUuid = null)
    {
        lock (_pool.Gate)
        {
            var vdi = Get<VdiRow>(vdiUuid);
            VdiCalls.Check(_pool, vdi, "attach");
            var host = hostUuid is null ? _pool.Coordinator : Get<HostRow>(hostUuid);
            var vm = _pool.Db.Add(new VmRow(_pool.Ids.New()) { NameLabel = nameLabel, PowerState = "Running", ResidentOn = host.Ref });
            var vbd = _pool.Db.Add(new VbdRow(_pool.Ids.New()) { Vm = vm.Ref, Vdi = vdi.Ref, Bootable = true });
            VmCalls.Attach(_pool, vbd);
            _pool.Save();
            return vm.Uuid;
        }
    }

    /// <summary>One more writable disk for a machine that runs.</summary>
    public void PlugDisk(string vmUuid, string vdiUuid)
    {
        lock (_pool.Gate)
        {
            var vdi = Get<VdiRow>(vdiUuid);
            VdiCalls.Check(_pool, vdi, "attach");
            var vm = Get<VmRow>(vmUuid);
            VmCalls.Attach(_pool, _pool.Db.Add(new VbdRow(_pool.Ids.New()) { Vm = vm.Ref, Vdi = vdi.Ref }));
            _pool.Save();
        }
    }

    /// <summary>Takes an SR off every host and drops its rows, as CloudStack does when it detaches a volume; what is on the LUN stays.</summary>
    public void ForgetSr(string srUuid)
    {
        lock (_pool.Gate)
        {
            var sr = Get<SrRow>(srUuid);
            foreach (var pbd in sr.Pbds(_pool.Db))
            {
                pbd.Attachment?.Dispose();
                pbd.Attachment = null;
            }

            SrCalls.Remove(_pool, sr);
            _pool.Save();
        }
    }

    /// <summary>The first writable disk of a running machine.</summary>
    public GuestDisk OpenGuestDisk(string vmUuid)
    {
        lock (_pool.Gate)
        {
            var vm = Get<VmRow>(vmUuid);
            var vbd = vm.Vbds(_pool.Db).FirstOrDefault(v => v is { Attached: true, ReadOnly: false })
                ?? throw new InvalidOperationException($"Machine {vmUuid} has no writable disk attached; start it first.");
            return new GuestDisk(vm, vbd, vbd.Disk!.Length);
        }
    }

    /// <summary>A VDI snapshot inside the disk's own SR; its uuid.</summary>
    public string SnapshotVdi(string vdiUuid)
    {
        lock (_pool.Gate)
        {
            var snapshot = VdiSnapshots.Snapshot(_pool, Get<VdiRow>(vdiUuid));
            _pool.Save();
            return snapshot.Uuid;
        }
    }

    /// <summary>Gives the pool's network one purpose (<c>nbd</c>, <c>insecure_nbd</c>), or none.</summary>
    public void SetNbdPurpose(string purpose)
    {
        lock (_pool.Gate)
        {
            foreach (var network in _pool.Db.All<NetworkRow>())
            {
                network.Purpose.Clear();
                if (purpose.Length > 0)
                    network.Purpose.Add(purpose);
                _pool.Db.Touch(network);
            }
        }
    }

    internal PoolInventory Inventory()
    {
        var db = _pool.Db;
        string Uuid(string reference) => db.Find<Row>(reference)?.Uuid ?? "";
        return new PoolInventory(
            _pool.Options.PoolName,
            db.All<SrRow>().ConvertAll(s => new InventorySr(s.Uuid, s.NameLabel, s.Type, [.. s.Pbds(db).Select(p => p.Uuid)], Copy(s))),
            db.All<PbdRow>().ConvertAll(p => new InventoryPbd(p.Uuid, Uuid(p.Sr), Uuid(p.Host), p.Attached)),
            db.All<VdiRow>().ConvertAll(v => new InventoryVdi(v.Uuid, Uuid(v.Sr), v.NameLabel, v.IsSnapshot, Copy(v), [.. v.CurrentOperations.Values])),
            db.All<VbdRow>().ConvertAll(v => new InventoryVbd(v.Uuid, Uuid(v.Vm), Uuid(v.Vdi), v.ReadOnly, v.Attached)),
            db.All<TaskRow>().ConvertAll(t => new InventoryTask(t.Uuid, t.NameLabel, t.Status, t.Progress, Copy(t))),
            db.All<VmRow>().FindAll(v => !v.IsControlDomain).ConvertAll(v => new InventoryVm(v.Uuid, v.NameLabel, v.PowerState, v.IsSnapshot, v.Tags, Copy(v))),
            [.. db.All<VmRow>().Where(v => v.PowerState == "Paused").Select(v => v.Uuid)],
            Hosts());
    }

    internal IReadOnlyList<InventoryHost> Hosts() =>
        _pool.Db.All<HostRow>().ConvertAll(h => new InventoryHost(h.Uuid, h.NameLabel, h.InitiatorIqn, h.Ref == _pool.Self.Master, h.Online));

    private static Dictionary<string, string> Copy(Row row) => new(row.OtherConfig, StringComparer.Ordinal);

    private ILunSession Login(HostRow host, string target, string targetIqn) =>
        _pool.Options.Fabric.Login(target.Contains(':') ? target : target + ":3260", host.InitiatorIqn, targetIqn)
        ?? throw new InvalidOperationException($"{host.InitiatorIqn} has no access to {targetIqn}; add it to the volume's access group first.");

    private T Get<T>(string uuid)
        where T : Row
    {
        lock (_pool.Gate)
            return _pool.Db.FindByUuid<T>(uuid) ?? throw new KeyNotFoundException($"Pool {_pool.Options.PoolName} has no {typeof(T).Name[..^3]} {uuid}.");
    }

    private VhdDisk Open(VdiRow vdi)
    {
        lock (_pool.Gate)
            return _pool.Disks.Open(vdi);
    }

    private void Close(VdiRow vdi)
    {
        lock (_pool.Gate)
            _pool.Disks.Close(vdi);
    }
}
