using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>Gives the volume's slot back.</summary>
[DurableTask(StepNames.ReleaseVolumeSlot)]
public sealed class ReleaseVolumeSlot(VolumeSlots slots, IActivityExecution execution) : StepActivity<VolumeSlot, bool>(execution)
{
    protected override Task<bool> ExecuteAsync(VolumeSlot input, CancellationToken cancellation)
    {
        slots.Release(input);
        return Task.FromResult(true);
    }
}
