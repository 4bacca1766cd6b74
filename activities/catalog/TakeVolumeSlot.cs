using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>Takes the volume's slot, or tells who has it.</summary>
[DurableTask(StepNames.TakeVolumeSlot)]
public sealed class TakeVolumeSlot(VolumeSlots slots, IActivityExecution execution) : StepActivity<VolumeSlot, SlotGrant>(execution)
{
    protected override Task<SlotGrant> ExecuteAsync(VolumeSlot input, CancellationToken cancellation) => Task.FromResult(slots.Take(input));
}
