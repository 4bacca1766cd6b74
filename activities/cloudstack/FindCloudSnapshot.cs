using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>Asks CloudStack what became of a snapshot that an event told of. Makes nothing.</summary>
[DurableTask(StepNames.FindCloudSnapshot)]
public sealed class FindCloudSnapshot(CloudStackClient cloudStack, IActivityExecution execution) : StepActivity<FindCloudSnapshotInput, FoundCloudSnapshot>(execution)
{
    protected override async Task<FoundCloudSnapshot> ExecuteAsync(FindCloudSnapshotInput input, CancellationToken cancellation)
    {
        var found = await cloudStack.FindSnapshotAsync(input.SnapshotId, cancellation);
        return CloudSnapshots.WhyNot(found) is { } why ? new FoundCloudSnapshot(null, why) : new FoundCloudSnapshot(CloudSnapshots.Of(found!), null);
    }
}
