using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// relvmoiscsi: gives the LUN of a clone new identifiers. It can only "create", and its success is an error whose text says so.
/// Interrupted, it leaves a LUN that nothing can read.
/// </summary>
internal sealed class ResignDriver(IscsiInitiator initiator, Identifiers ids)
{
    private const string Prefix = "Error reporting error, unknown key ";

    /// <summary>Always ends in an error; <paramref name="interrupted"/> ends it half-way, with a ruined LUN.</summary>
    public XenError Create(HostRow host, SrRow temporary, IReadOnlyDictionary<string, string> config, bool interrupted)
    {
        using var session = initiator.Login(host, config);
        var group = VolumeGroup.Open(session.Lun);
        if (group is null)
            return XenError.Backend(1, Prefix + "There must be exactly one PV in the VG");
        if (interrupted)
        {
            VolumeGroup.Ruin(session.Lun, ids.New());
            return XenError.Backend(1, Prefix + "The SR could not be resigned: vgcfgrestore failed");
        }

        var before = ManagementVolume.Read(LvmOverIscsiDriver.Management(group));
        var renamed = group.Resign(temporary.Uuid, ids.New);
        var after = before.Where(v => renamed.ContainsKey(v.Uuid)).Select(v => v with { Uuid = renamed[v.Uuid], SnapshotOf = "" }).ToList();
        ManagementVolume.Write(LvmOverIscsiDriver.Management(group), temporary.Uuid, temporary.NameLabel, after);
        return XenError.Backend(1, Prefix + "The SR has been successfully resigned. Use the lvmoiscsi type to attach it");
    }
}
