using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Introduces the clone's SR on the copy host: a row, one PBD, plugged and scanned. Each is found before it is made, and no SR is ever created on a LUN.</summary>
[DurableTask(StepNames.IntroduceSr)]
public sealed class IntroduceSr(IXenServerPools pools, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<SrInput, SrReceipt>(execution)
{
    protected override async Task<SrReceipt> ExecuteAsync(SrInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool);
        var host = await CloneProbe.RequireHostAsync(pool, input.HostUuid, cancellation);
        var introduction = new SrIntroduction(pool, intents, marker, input.Key, Roles.Sr);
        if (await introduction.AdoptAsync(cancellation) is not { } sr)
        {
            var uuid = await CloneProbe.SrUuidAsync(pool, host, input.Lun, cancellation);
            RequireExpected(input, uuid);
            sr = await introduction.IntroduceAsync(uuid, SrCalls.LvmOverIscsi, "user", smConfig: null, cancellation, Execution.StopToken);
        }

        var pbd = await introduction.AttachAsync(sr, host, CloneProbe.DeviceConfig(input.Lun), cancellation);
        return new SrReceipt(sr.Uuid, pbd.Uuid);
    }

    private static void RequireExpected(SrInput input, string found)
    {
        var same = found == input.SourceSrUuid;
        if (input.SourceSrUuid.Length == 0 || same == (input.Strategy == ResignStrategies.Dedicated)) return;
        throw new StepFaultException(new StepFault(
            "sr.other-uuid", FaultKind.Corrupt, $"The clone bears SR {found}, its source {input.SourceSrUuid}; with strategy {input.Strategy} that cannot be.",
            "Look at the volume and its pool: CloudStack and the LUN disagree."));
    }
}
