using System.Xml.Linq;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// The iSCSI half of lvmoiscsi: the ladder of a device_config that is filled in step by step. Each missing part is an error whose
/// third parameter lists what could stand there.
/// </summary>
internal sealed class IscsiInitiator(IStorageFabric fabric)
{
    public ILunSession Login(HostRow host, IReadOnlyDictionary<string, string> config)
    {
        var target = config.GetValueOrDefault("target", "");
        if (target.Length == 0)
            throw XenError.Backend(95, "The target parameter is missing");
        if (host.InitiatorIqn.Length == 0)
            throw XenError.Backend(97, "The local iSCSI initiator IQN is not set");
        var portal = target.Split(',')[0].Trim() + ":" + config.GetValueOrDefault("port", "3260");
        var wanted = config.GetValueOrDefault("targetIQN", "");
        var visible = fabric.Discover(portal, host.InitiatorIqn);
        if (wanted.Length == 0)
            throw XenError.Backend(96, "The request is missing or has an incorrect target IQN parameter", Targets(target, visible));
        var scsiId = config.GetValueOrDefault("SCSIid", "");
        if (wanted == "*")
            return LoginAny(host, portal, visible, scsiId);
        var session = fabric.Login(portal, host.InitiatorIqn, wanted)
            ?? throw XenError.Backend(68, $"ISCSI login failed, verify CHAP credentials [opterr=no access to {wanted}]");
        if (session.Lun.ScsiId == scsiId)
            return session;
        var luns = Luns([session.Lun]);
        session.Dispose();
        throw XenError.Backend(107, "The SCSIid parameter is missing or incorrect", luns);
    }

    private ILunSession LoginAny(HostRow host, string portal, IReadOnlyList<string> visible, string scsiId)
    {
        var seen = new List<XElement>();
        foreach (var iqn in visible)
        {
            var session = fabric.Login(portal, host.InitiatorIqn, iqn);
            if (session is null)
                continue;
            if (session.Lun.ScsiId == scsiId)
                return session;
            seen.Add(LunElement(session.Lun));
            session.Dispose();
        }

        throw XenError.Backend(107, "The SCSIid parameter is missing or incorrect", Printed(new XElement("iscsi-target", seen)));
    }

    private static string Targets(string address, IReadOnlyList<string> iqns) => Printed(new XElement(
        "iscsi-target-iqns",
        iqns.Select((iqn, i) => new XElement("TGT", new XElement("Index", i), new XElement("IPAddress", address), new XElement("TargetIQN", iqn)))));

    private static string Luns(IEnumerable<ILun> luns) => Printed(new XElement("iscsi-target", luns.Select(LunElement)));

    private static XElement LunElement(ILun lun) => new(
        "LUN", new XElement("vendor", "SolidFir"), new XElement("serial", lun.Serial), new XElement("LUNid", 0),
        new XElement("size", lun.Length), new XElement("SCSIid", lun.ScsiId));

    internal static string Printed(XElement element) => "<?xml version=\"1.0\" ?>\n" + element + "\n";
}
