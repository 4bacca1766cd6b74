using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>
/// Destroys what a copy has written so far: first the copy is cancelled and has ended, then its VDI goes. The hypervisor has a mount of its own, so the store is asked first, and must answer: where a manifest exists the data
/// is a backup and stays.
/// </summary>
[DurableTask(StepNames.DestroyDestinationVdi)]
public sealed class DestroyDestinationVdi(IXenServerPools pools, SecondaryDestinations destinations, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<OwnedVdiInput, bool>(execution)
{
    private const string ManifestSuffix = ".manifest.json";

    protected override async Task<bool> ExecuteAsync(OwnedVdiInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool);
        var vdis = new DestinationVdis(pool, marker);
        var own = await pool.Srs.FindAsync(input.SrUuid, cancellation) is { } sr ? await vdis.OwnAsync(input.Key, sr, cancellation) : [];
        var begun = BegunCopy.Find(intents, input.Key);
        foreach (var vdi in own)
        {
            var operations = vdi.CurrentOperations;
            if (await vdis.FindCopyAsync(input.Key, vdi, begun?.Of(vdi.Uuid)?.Task, cancellation) is { } copy)
            {
                if (!copy.Ended)
                {
                    await pool.Tasks.CancelAsync(copy.Ref, cancellation);
                    throw StillWriting(vdi);
                }

                await pool.Tasks.DestroyAsync(copy.Ref, cancellation);
                operations = (await pool.Vdis.FindAsync(vdi.Ref, cancellation))?.CurrentOperations ?? operations;
            }

            if (operations.Count > 0) throw StillWriting(vdi);
            await RequireUnpublishedAsync(input, cancellation);
            await pool.Vdis.DestroyAsync(vdi.Ref, cancellation);
        }

        intents.Gone(input.Key, Roles.CopyTask);
        intents.Gone(input.Key, Roles.DestinationVdi);
        return own.Count > 0;
    }

    /// <summary>Where the input tells no folder, as older ones do not, the ledger tells the manifest that was about to be put.</summary>
    private async Task RequireUnpublishedAsync(OwnedVdiInput input, CancellationToken cancellation)
    {
        var intended = intents.Find(input.Key, Roles.Manifest) is { } intent && intent.Marker.EndsWith(ManifestSuffix, StringComparison.Ordinal) ? new DestinationFolder(intent.Scope, intent.Marker[..^ManifestSuffix.Length]) : null;
        if ((input.Unpublished ?? intended) is not { } folder) return;
        intents.RequireSettled(input.Key, Roles.Manifest, UnansweredCalls.OnStore, time);
        await destinations.Get(folder.Destination).DemandNoManifestAsync(folder.Folder, cancellation);
    }

    private static StepFaultException StillWriting(Vdi vdi) => new(new StepFault(
        "copy.still-writing", FaultKind.Busy, $"A cancelled copy into VDI {vdi.Uuid} has not ended yet.", "Nothing: it ends by itself; look at the pool's tasks if it does not.", TimeSpan.FromSeconds(1)));
}
