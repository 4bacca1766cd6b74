using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>Proves that no host of any pool has the LUN plugged, but for this request's own SR; looked at again right before each write. Makes nothing.</summary>
[DurableTask(StepNames.ProveUnplugged)]
public sealed class ProveUnplugged(IXenServerPools pools, IActivityExecution execution) : StepActivity<ProveUnpluggedInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(ProveUnpluggedInput input, CancellationToken cancellation)
    {
        var own = input.Key.NameFor(Roles.Sr);
        foreach (var name in pools.Names)
        {
            var pool = pools.Get(name);
            var srs = (await pool.Srs.ListAsync(cancellation)).ToDictionary(sr => sr.Ref);
            foreach (var pbd in await pool.Pbds.ListAllAsync(cancellation))
            {
                var sr = srs.GetValueOrDefault(pbd.Sr);
                if (!string.Equals(pbd.DeviceConfig.GetValueOrDefault("targetIQN"), input.Iqn, StringComparison.OrdinalIgnoreCase) || sr?.NameLabel == own) continue;
                throw Refusal("restore.target-plugged", $"Pool {name} has a PBD to {input.Iqn} (SR {sr?.NameLabel ?? pbd.Sr.Value}, {(pbd.CurrentlyAttached ? "plugged" : "unplugged")}).");
            }

            if (input.VdiUuid is { } uuid && await pool.Vdis.FindAsync(uuid, cancellation) is { } vdi && srs.GetValueOrDefault(vdi.Sr)?.NameLabel != own)
                throw Refusal("restore.target-plugged", $"Pool {name} knows disk {uuid} in SR {srs.GetValueOrDefault(vdi.Sr)?.NameLabel ?? vdi.Sr.Value}.");
        }

        return true;
    }

    private static StepFaultException Refusal(string code, string message) => new(new StepFault(
        code, FaultKind.Rejected, $"{message} Nothing is written to a disk that another SR leads to.", "Detach the volume in CloudStack, so that its SR is taken off the pool, and start again."));
}
