using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>
/// Starts the clone of the array's snapshot, or adopts the one of an earlier attempt. After a lost answer nothing is cloned again before the array shows
/// neither a clone of ours nor a job that may be making one.
/// </summary>
[DurableTask(StepNames.StartClone)]
public sealed partial class StartClone(SolidFireArrays arrays, IntentLedger intents, Marker marker, TimeProvider time, ILogger<StartClone> logger, IActivityExecution execution)
    : StepActivity<StartCloneInput, CloneReceipt>(execution)
{
    protected override async Task<CloneReceipt> ExecuteAsync(StartCloneInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Source.ClusterUuid, cancellation)).Client;
        if (input.Fuse is { } fuse) await array.ModifySnapshotAsync(input.SnapshotId, time.GetUtcNow() + fuse, cancellation);
        var clones = new OwnClones(array, intents, marker);
        var active = await clones.ActiveAsync(input.Key, cancellation);
        if (active.Count > 1)
        {
            throw new StepFaultException(new StepFault(
                FaultCodes.CloneLost, FaultKind.Corrupt, $"The array has {active.Count} clones of this request.", "They are all deleted and one is made anew."));
        }

        if (active.Count == 1) return Adopt(input, active[0].VolumeId, handle: null);
        var recorded = clones.Recorded(input.Key);
        var underWay = await clones.MayBeUnderWayAsync(input.Key, input.Source.VolumeId, cancellation);
        if (recorded is { } known && underWay) return Adopt(input, known.VolumeId, known.Handle);

        var first = intents.Find(input.Key, Roles.Clone) is null;
        if (!first && underWay)
        {
            throw new StepFaultException(new StepFault(
                "clone.in-doubt", FaultKind.Busy, $"An earlier call may have started a clone of volume {input.Source.VolumeId} and its answer was lost; a clone job is running.",
                "Nothing: the job's end tells.", TimeSpan.FromSeconds(2)));
        }

        if (!first)
        {
            // The job may have ended between the first look and the second: what it made is listed now.
            var again = await clones.ActiveAsync(input.Key, cancellation);
            if (again.Count == 1) return Adopt(input, again[0].VolumeId, handle: null);
        }

        var attributes = marker.Attributes(input.Key, Roles.Clone);
        attributes["swf-source"] = $"{input.Source.VolumeId}@{input.SnapshotId}";
        var wanted = new CloneVolumeRequest { VolumeId = input.Source.VolumeId, SnapshotId = input.SnapshotId == 0 ? null : input.SnapshotId, Name = input.Key.NameFor(Roles.Clone), Attributes = attributes, Access = "readWrite" };
        var started = await intents.MakeAsync(input.Key, Roles.Clone, "solidfire", input.Source.ClusterUuid, wanted.Name, () => array.CloneVolumeAsync(wanted, Execution.StopToken));
        intents.Made(input.Key, Roles.Clone, $"{started.VolumeId}:{started.AsyncHandle}");
        return new CloneReceipt(input.Source with { VolumeId = started.VolumeId }, started.AsyncHandle);
    }

    private CloneReceipt Adopt(StartCloneInput input, long volumeId, long? handle)
    {
        CloneAdopted(logger, volumeId, input.Source.VolumeId, input.SnapshotId);
        return new CloneReceipt(input.Source with { VolumeId = volumeId }, handle);
    }

    [LoggerMessage(EventId = 3102, Level = LogLevel.Information, Message = "Adopted clone {CloneId} of volume {VolumeId}, snapshot {SnapshotId}, left by an earlier attempt")]
    private static partial void CloneAdopted(ILogger logger, long cloneId, long volumeId, long snapshotId);
}
