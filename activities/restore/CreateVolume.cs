using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>Makes the new volume, or adopts the one of an earlier attempt. The array answers with it finished (Element API reference, CreateVolume).</summary>
[DurableTask(StepNames.CreateVolume)]
public sealed partial class CreateVolume(SolidFireArrays arrays, IntentLedger intents, Marker marker, ILogger<CreateVolume> logger, IActivityExecution execution)
    : StepActivity<CreateVolumeInput, CloneLun>(execution)
{
    protected override async Task<CloneLun> ExecuteAsync(CreateVolumeInput input, CancellationToken cancellation)
    {
        var plan = input.Plan;
        var proven = await arrays.RequireAsync(plan.ClusterUuid, cancellation);
        var array = proven.Client;
        var volumes = new OwnVolumes(array, marker);
        var own = await volumes.ActiveAsync(input.Key, plan.Name, cancellation);
        if (own.Count > 1)
        {
            throw new StepFaultException(new StepFault(
                "restore.ambiguous", FaultKind.Corrupt, $"The array has {own.Count} new volumes of this restore.", "They are all deleted by the undo; start again."));
        }

        if (own.Count == 0)
        {
            var qos = input.Qos is { } asked ? new VolumeQos { MinIops = asked.MinIops, MaxIops = asked.MaxIops, BurstIops = asked.BurstIops } : null;
            await intents.MakeAsync(
                input.Key, Roles.Volume, "solidfire", plan.ClusterUuid, plan.Name,
                () => array.CreateVolumeAsync(plan.Name, plan.AccountId, plan.TotalSizeBytes, enable512e: true, marker.Attributes(input.Key, Roles.Volume), qos, Execution.StopToken));
            own = await volumes.ActiveAsync(input.Key, plan.Name, cancellation);
        }
        else
        {
            VolumeAdopted(logger, plan.Name, own[0].VolumeId);
        }

        var made = own is [var only]
            ? only
            : throw new StepFaultException(new StepFault("restore.volume-missing", FaultKind.Transient, $"The array lists {own.Count} volumes {plan.Name} of this restore right after it made one.", "Look at the array if this lasts."));
        intents.Made(input.Key, Roles.Volume, made.VolumeId.ToString());
        return ArrayLookup.Lun(made, proven.Cluster);
    }

    [LoggerMessage(EventId = 3111, Level = LogLevel.Information, Message = "Adopted volume {Name} ({VolumeId}) left by an earlier attempt")]
    private static partial void VolumeAdopted(ILogger logger, string name, long volumeId);
}
