using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Takes the hold away; none there is success.</summary>
[DurableTask(StepNames.RemoveHold)]
public sealed class RemoveHold(SecondaryDestinations destinations, IActivityExecution execution) : StepActivity<HoldCopyInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(HoldCopyInput input, CancellationToken cancellation)
    {
        await destinations.Get(input.Copy.Destination).Store.DeleteAsync(SnapshotLocations.Hold(SnapshotLocations.AddressOf(input.Copy.Manifest)), cancellation);
        return true;
    }
}
