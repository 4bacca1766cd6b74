using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>
/// Gives the clone's SR, VG and VDI new uuids by the relvmoiscsi driver. The driver is neither atomic nor repeatable: when it cannot be told whether an
/// earlier call ended, the clone is given up and made anew.
/// </summary>
[DurableTask(StepNames.ResignSr)]
public sealed class ResignSr(IXenServerPools pools, IntentLedger intents, IActivityExecution execution) : StepActivity<SrInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(SrInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool);
        var host = await CloneProbe.RequireHostAsync(pool, input.HostUuid, cancellation);
        var clone = input.Lun.Volume.VolumeId.ToString();
        if (intents.Find(input.Key, Roles.Resign) is { } earlier && earlier.Marker == clone)
        {
            return earlier.State == IntentStates.Made ? true : throw Unknown(clone, inner: null);
        }

        var before = await CloneProbe.SrUuidAsync(pool, host, input.Lun, cancellation);
        if (input.SourceSrUuid.Length > 0 && before != input.SourceSrUuid)
        {
            throw new StepFaultException(new StepFault(
                "sr.other-uuid", FaultKind.Corrupt, $"The fresh clone bears SR {before}, its source bears {input.SourceSrUuid}.", "Look at the volume and its pool: CloudStack and the LUN disagree."));
        }

        intents.Intend(input.Key, Roles.Resign, "xenserver", input.Pool, clone);
        try
        {
            await pool.Srs.ResignAsync(host.Ref, CloneProbe.DeviceConfig(input.Lun), input.Key.NameFor(Roles.Resign), Execution.StopToken);
        }
        catch (XenApiException failure) when (failure.Kind is XenApiErrorKind.Reconcile or XenApiErrorKind.Permanent or XenApiErrorKind.Transient)
        {
            throw Unknown(clone, failure);
        }

        intents.Made(input.Key, Roles.Resign, clone);
        return true;
    }

    private static StepFaultException Unknown(string clone, Exception? inner) => new(
        new StepFault(FaultCodes.ResignOutcomeUnknown, FaultKind.Conflict, $"Whether clone {clone} was resigned whole cannot be told.", "The clone is deleted. Look at the copy pool if this repeats."), inner);
}
