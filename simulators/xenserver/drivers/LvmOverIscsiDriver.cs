using System.Xml.Linq;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A host's iSCSI session to the LUN of an lvmoiscsi SR.</summary>
internal sealed class LunAttachment(ILunSession session, string pvUuid) : IAttachment
{
    public ILunSession Session { get; } = session;

    public string PvUuid { get; } = pvUuid;

    public ILun Lun => Session.Lost ? throw XenError.Backend(67, "ISCSI device is gone: the target no longer answers") : Session.Lun;

    public void Dispose() => Session.Dispose();
}

/// <summary>The lvmoiscsi plug-in: one volume group on one LUN, one logical volume with a VHD per VDI (LUN-LAYOUT.md).</summary>
internal sealed class LvmOverIscsiDriver(Database db, IscsiInitiator initiator, Identifiers ids, TimeProvider clock) : SrDriver
{
    public override string Probe(HostRow host, IReadOnlyDictionary<string, string> config, IReadOnlyDictionary<string, string> smConfig)
    {
        using var session = initiator.Login(host, config);
        var list = new XElement("SRlist");
        if (VolumeGroup.Open(session.Lun) is { } group)
        {
            list.Add(new XElement(
                "SR", new XElement("UUID", group.SrUuid), new XElement("Devlist", "/dev/disk/by-id/scsi-" + session.Lun.ScsiId),
                new XElement("size", group.ExtentCount * LunLayout.ExtentSize)));
        }

        return IscsiInitiator.Printed(list);
    }

    public override void Create(HostRow host, SrRow sr, IReadOnlyDictionary<string, string> config)
    {
        using var session = initiator.Login(host, config);
        if (db.All<PbdRow>().Exists(p => p.Attachment is LunAttachment a && a.Session.Lun.ScsiId == session.Lun.ScsiId))
            throw new XenError("SR_DEVICE_IN_USE");
        var group = VolumeGroup.Format(session.Lun, sr.Uuid, ids.New, clock.GetUtcNow());
        ManagementVolume.Write(Management(group), sr.Uuid, sr.NameLabel, []);
    }

    public override IAttachment Attach(HostRow host, SrRow sr, IReadOnlyDictionary<string, string> config)
    {
        var session = initiator.Login(host, config);
        try
        {
            var group = VolumeGroup.Open(session.Lun);
            if (group is not null && db.All<PbdRow>().Exists(p => p.Host == host.Ref && p.Attachment is LunAttachment other
                && other.PvUuid == group.Label.PvUuid && other.Session.Lun.ScsiId != session.Lun.ScsiId))
            {
                throw XenError.Backend(119, "Found multiple physical volumes with the same identifier [opterr=PV "
                    + group.Label.PvUuid + " of " + group.Name + " appears on more than one device]");
            }

            if (group is null || group.SrUuid != sr.Uuid)
                throw XenError.Backend(47, $"The SR is not available [opterr=no such volume group: {LunLayout.GroupPrefix}{sr.Uuid}]");
            return new LunAttachment(session, group.Label.PvUuid);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public override IReadOnlyList<FoundVdi> Scan(IAttachment attachment)
    {
        var group = Group(attachment);
        var named = ManagementVolume.Read(Management(group)).ToDictionary(v => v.Uuid, StringComparer.Ordinal);
        var found = new List<FoundVdi>();
        foreach (var volume in group.Volumes)
        {
            if (volume.VdiUuid is not { } uuid || VhdDisk.SizeOf(group.OpenVolume(volume)) is not { } size)
                continue;
            var v = named.GetValueOrDefault(uuid) ?? new MgtVdi(uuid, "", "", volume.IsSnapshot, "", "user");
            found.Add(new FoundVdi(uuid, size, volume.Bytes, v.NameLabel, v.NameDescription, volume.IsSnapshot, v.SnapshotOf, v.Type));
        }

        return found;
    }

    public override (long Size, long Used) Space(IAttachment attachment)
    {
        var group = Group(attachment);
        return (group.ExtentCount * LunLayout.ExtentSize, group.AllocatedBytes);
    }

    public override long CreateVdi(IAttachment attachment, SrRow sr, VdiRow vdi) =>
        CreateVolume(attachment, sr, vdi, VhdLayout.FullSize(vdi.VirtualSize));

    /// <summary>Makes a logical volume of at least these bytes with an empty VHD in it, and notes it in MGT.</summary>
    public long CreateVolume(IAttachment attachment, SrRow sr, VdiRow vdi, long bytes)
    {
        var group = Group(attachment);
        var volume = group.Create(LunLayout.VhdPrefix + vdi.Uuid, bytes, ids.New(), vdi.IsSnapshot, clock.GetUtcNow())
            ?? throw XenError.Backend(44, "There is insufficient space [opterr="
                + $"{LunLayout.Extents(bytes) * LunLayout.ExtentSize} bytes wanted, {group.FreeExtents * LunLayout.ExtentSize} free]");
        VhdDisk.Format(group.OpenVolume(volume), vdi.VirtualSize, Guid.Parse(vdi.Uuid), clock.GetUtcNow());
        var all = ManagementVolume.Read(Management(group)).Where(v => v.Uuid != vdi.Uuid).ToList();
        all.Add(new MgtVdi(vdi.Uuid, vdi.NameLabel, vdi.NameDescription, vdi.IsSnapshot, db.Find<VdiRow>(vdi.SnapshotOf)?.Uuid ?? "", vdi.Type));
        ManagementVolume.Write(Management(group), sr.Uuid, sr.NameLabel, all);
        return volume.Bytes;
    }

    public override void DestroyVdi(IAttachment attachment, SrRow sr, string vdiUuid)
    {
        var group = Group(attachment);
        group.Remove(LunLayout.VhdPrefix + vdiUuid);
        var rest = ManagementVolume.Read(Management(group)).Where(v => v.Uuid != vdiUuid).ToList();
        ManagementVolume.Write(Management(group), sr.Uuid, sr.NameLabel, rest);
    }

    public override void Replace(IAttachment attachment, SrRow sr, VdiRow vdi, long size, Action<VhdDisk> fill)
    {
        const string Temporary = "TMP-";
        var group = Group(attachment);
        group.Remove(Temporary + vdi.Uuid);
        var bytes = VhdLayout.FullSize(size);
        var volume = group.Create(Temporary + vdi.Uuid, bytes, ids.New(), vdi.IsSnapshot, clock.GetUtcNow())
            ?? throw XenError.Backend(44, $"There is insufficient space [opterr={bytes} bytes wanted, {group.FreeExtents * LunLayout.ExtentSize} free]");
        fill(VhdDisk.Format(group.OpenVolume(volume), size, Guid.Parse(vdi.Uuid), clock.GetUtcNow()));
        group.Replace(LunLayout.VhdPrefix + vdi.Uuid, Temporary + vdi.Uuid);
    }

    public override (VhdDisk Disk, IDisposable? Handle) Open(IAttachment attachment, string vdiUuid)
    {
        var group = Group(attachment);
        var volume = group.Find(LunLayout.VhdPrefix + vdiUuid);
        var disk = volume is null ? null : VhdDisk.Open(group.OpenVolume(volume));
        return (disk ?? throw XenError.Backend(46, $"The VDI is not available [opterr=no VHD in volume VHD-{vdiUuid}]"), null);
    }

    public override void Destroy(IAttachment attachment) =>
        ((LunAttachment)attachment).Lun.Write(LunLayout.LabelOffset, new byte[LunLayout.LabelSize]);

    public override long PhysicalSize(IAttachment attachment, string vdiUuid) => Group(attachment).Find(LunLayout.VhdPrefix + vdiUuid)?.Bytes ?? 0;

    internal static IBlockDevice Management(VolumeGroup group) => group.OpenVolume(
        group.Find(LunLayout.ManagementVolume) ?? throw XenError.Backend(181, "Error in Metadata volume operation for SR. [opterr=no MGT volume]"));

    private static VolumeGroup Group(IAttachment attachment) =>
        VolumeGroup.Open(((LunAttachment)attachment).Lun) ?? throw XenError.Backend(47, "The SR is not available [opterr=the LUN bears no volume group]");
}
