using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>A volume that only the array knows, in CloudStack's shape: its zone is the cluster. Makes nothing.</summary>
[DurableTask(StepNames.ResolveArrayVolume)]
public sealed class ResolveArrayVolume(SolidFireArrays arrays, SnapshotIndex index, IActivityExecution execution) : StepActivity<ResolveArrayVolumeInput, CloudStackVolume>(execution)
{
    protected override async Task<CloudStackVolume> ExecuteAsync(ResolveArrayVolumeInput input, CancellationToken cancellation)
    {
        index.RequireFresh(input.Snapshot);
        var id = input.Volume;
        var array = (await arrays.RequireAsync(id.ClusterUuid, cancellation)).Client;
        if (await array.FindVolumeAsync(id.VolumeId, cancellation) is not { IsActive: true } volume)
            throw new StepFaultException(new StepFault("array.no-volume", FaultKind.NotFound, $"{id} is not there, or not active.", "Check id and cluster; ListActiveVolumes shows what there is."));
        if (volume.FindAttribute(Marker.InstallationName) is not null && volume.FindAttribute(Marker.RoleName) != Roles.Restored)
            throw new StepFaultException(new StepFault("array.our-own", FaultKind.Rejected, $"{id} ({volume.Name}) is a temporary volume of this system.", "Name the volume that it was made of."));
        return new CloudStackVolume(SnapshotVolumeInput.VolumeIdOf(id), volume.Name, $"/{volume.Iqn}/0", id.ClusterUuid.ToLowerInvariant(), Account: null, VmId: null, VmName: null, volume.TotalBytes);
    }
}
