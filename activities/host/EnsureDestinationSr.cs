using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Lets the copy host mount the snapshot's own folder as an NFS SR, without a folder of the SR's own in it (sm_config nosubdir, NFSSR.py).</summary>
[DurableTask(StepNames.EnsureDestinationSr)]
public sealed class EnsureDestinationSr(IXenServerPools pools, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<DestinationSrInput, SrReceipt>(execution)
{
    private static readonly Dictionary<string, string> s_noSubfolder = new(StringComparer.Ordinal) { ["nosubdir"] = "true" };

    protected override async Task<SrReceipt> ExecuteAsync(DestinationSrInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool);
        var host = await CloneProbe.RequireHostAsync(pool, input.HostUuid, cancellation);
        var introduction = new SrIntroduction(pool, intents, marker, input.Key, Roles.DestinationSr);
        var sr = await introduction.AdoptAsync(cancellation)
            ?? await introduction.IntroduceAsync(input.SrUuid, "nfs", "user", s_noSubfolder, cancellation, Execution.StopToken);
        var deviceConfig = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["server"] = input.Server,
            ["serverpath"] = $"{input.Export.TrimEnd('/')}/{input.Folder}",
        };
        var pbd = await introduction.AttachAsync(sr, host, deviceConfig, cancellation);
        return new SrReceipt(sr.Uuid, pbd.Uuid);
    }
}
