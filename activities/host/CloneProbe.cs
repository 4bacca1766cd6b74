using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Looks from the copy host at the clone's LUN.</summary>
internal static class CloneProbe
{
    public static Dictionary<string, string> DeviceConfig(CloneLun lun) => new(StringComparer.Ordinal)
    {
        ["target"] = lun.Portal,
        ["targetIQN"] = lun.Iqn,
        ["SCSIid"] = lun.ScsiId,
    };

    public static async Task<Host> RequireHostAsync(XenServerClient pool, string hostUuid, CancellationToken cancellation) =>
        await pool.Pool.FindHostAsync(hostUuid, cancellation)
        ?? throw new StepFaultException(new StepFault("host.gone", FaultKind.Rejected, $"Host {hostUuid} is no longer in pool {pool.PoolName}.", "Start again: another host is chosen."));

    /// <summary>The uuid of the one SR on the LUN. An empty LUN is an error, never a reason to format.</summary>
    public static async Task<string> SrUuidAsync(XenServerClient pool, Host host, CloneLun lun, CancellationToken cancellation)
    {
        var probe = await pool.Srs.ProbeAsync(host.Ref, DeviceConfig(lun), SrCalls.LvmOverIscsi, cancellation);
        return probe.SrList switch
        {
            [var only] => only.Uuid,
            [] => throw new StepFaultException(new StepFault(
                "sr.none-on-clone", FaultKind.Corrupt, $"The LUN {lun.Iqn} shows no SR. Nothing was written to it.", "Check that the volume holds an LVM-over-iSCSI SR; one that was never attached to a VM has none.")),
            { Count: var many } => throw new StepFaultException(new StepFault(
                "sr.ambiguous", FaultKind.Corrupt, $"The LUN {lun.Iqn} shows {many} SRs.", "Managed storage has one SR per LUN: look at the volume.")),
            null => throw new StepFaultException(new StepFault(
                "sr.lun-not-seen", FaultKind.Transient, $"Host {host.NameLabel} does not see the LUN {lun.Iqn} yet.", "Check the storage network and the access group of the copy host.", TimeSpan.FromSeconds(2))),
        };
    }
}
