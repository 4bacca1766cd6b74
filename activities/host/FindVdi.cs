using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>The one managed VDI on the clone. None, or a second one, is an error.</summary>
[DurableTask(StepNames.FindVdi)]
public sealed class FindVdi(IXenServerPools pools, IActivityExecution execution) : StepActivity<FindVdiInput, VdiReceipt>(execution)
{
    protected override async Task<VdiReceipt> ExecuteAsync(FindVdiInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool);
        var sr = await pool.Srs.FindAsync(input.SrUuid, cancellation)
            ?? throw new StepFaultException(new StepFault("sr.gone", FaultKind.NotFound, $"SR {input.SrUuid} is no longer in pool {input.Pool}.", "Start again; find out who forgot the SR."));
        var managed = (await pool.Vdis.ListAsync(sr.Ref, cancellation)).Where(vdi => vdi is { Managed: true, IsASnapshot: false, Missing: false }).ToList();
        return managed is [var only]
            ? new VdiReceipt(only.Uuid, only.VirtualBytes)
            : throw new StepFaultException(new StepFault(
                "clone.vdi-count", FaultKind.Corrupt, $"The clone's SR shows {managed.Count} disks; exactly one was expected.", "Look at the volume: managed storage has one disk per LUN."));
    }
}
