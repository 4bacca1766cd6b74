using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>
/// Looks once whether the clone is ready: the job's result and its error are read, and a result that vanished is made up for by listing. One that is ready gets the settings' quality of service for copying before it is
/// handed on: it bears its source's else, and is read as slowly, or as fast beside others, as that may be.
/// </summary>
[DurableTask(StepNames.CheckClone)]
public sealed class CheckClone(SolidFireArrays arrays, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<CheckCloneInput, CloneCheck>(execution)
{
    protected override async Task<CloneCheck> ExecuteAsync(CheckCloneInput input, CancellationToken cancellation)
    {
        var id = input.Receipt.Volume;
        var proven = await arrays.RequireAsync(id.ClusterUuid, cancellation);
        var array = proven.Client;
        var clones = new OwnClones(array, intents, marker);
        var volume = await array.FindVolumeAsync(id.VolumeId, cancellation);
        if (volume is { IsActive: true })
        {
            if (!clones.IsOurs(volume, input.Key)) throw NotOurs(volume);
            if (proven.CopyQos is { } wanted && !Has(volume, wanted)) volume = await ChangeAsync(array, volume, wanted, cancellation);
            return clones.IsOurs(volume, input.Key) ? new CloneCheck(ArrayLookup.Lun(volume, proven.Cluster)) : throw NotOurs(volume);
        }

        if (input.Receipt.AsyncHandle is { } handle)
        {
            var result = await array.GetAsyncResultAsync(handle, cancellation);
            switch (result.State)
            {
                case AsyncState.Running:
                    return new CloneCheck(Lun: null);
                case AsyncState.Failed:
                    throw new StepFaultException(new StepFault(
                        FaultCodes.CloneLost, FaultKind.Conflict, $"The array ended the clone with {result.ErrorName}: {result.ErrorMessage}", "Look at the array's events if this repeats."));
                case AsyncState.Succeeded:
                    return volume is { IsDeleted: true } ? throw Lost(id) : new CloneCheck(Lun: null);
                case AsyncState.UnknownHandle:
                    break;
            }
        }

        // No result to be had: the running jobs decide, then the list once more.
        var jobs = await array.ListSyncJobsAsync(cancellation);
        if (jobs.Any(job => job.IsClone && job.DestinationVolumeId == id.VolumeId)) return new CloneCheck(Lun: null);
        return await array.FindVolumeAsync(id.VolumeId, cancellation) is { IsActive: true } ? new CloneCheck(Lun: null) : throw Lost(id);
    }

    /// <summary>Setting it again is the same, so a lost answer needs no more than another look.</summary>
    private async Task<Volume> ChangeAsync(SolidFireClient array, Volume clone, VolumeQos wanted, CancellationToken cancellation)
    {
        await array.ModifyVolumeAsync(clone.VolumeId, new VolumeChanges { Qos = wanted, LeavesQosPolicy = clone.QosPolicyId is not null }, Execution.StopToken);
        return await array.FindVolumeAsync(clone.VolumeId, cancellation) is { IsActive: true } changed && Has(changed, wanted)
            ? changed
            : throw new StepFaultException(new StepFault(
                "clone.qos", FaultKind.Transient, $"The array does not show the quality of service for copying on clone {clone.VolumeId}.", "Look at the array's events, or take CopyQos out of its settings."));
    }

    private static bool Has(Volume volume, VolumeQos wanted) => volume.QosPolicyId is null && volume.Qos is { } now && (now.MinIops, now.MaxIops, now.BurstIops) == (wanted.MinIops, wanted.MaxIops, wanted.BurstIops);

    private static StepFaultException NotOurs(Volume volume) => new(new StepFault(
        "clone.not-ours", FaultKind.Conflict, $"Volume {volume.VolumeId} ({volume.Name}) does not bear the mark of this request.", "Nothing was touched; report this with the instance's history."));

    private static StepFaultException Lost(ArrayVolume clone) => new(new StepFault(
        FaultCodes.CloneLost, FaultKind.Conflict, $"Clone {clone.VolumeId} is neither listed nor under way.", "Look at the array's events if this repeats."));
}
