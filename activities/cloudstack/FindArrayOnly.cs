using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>Snapshots of CloudStack's that a policy may want a copy of and that are young enough to be made up for. Makes nothing.</summary>
[DurableTask(StepNames.FindArrayOnly)]
public sealed class FindArrayOnly(CloudStackClient cloudStack, PolicyLedger policies, IOptions<UpkeepOptions> options, IActivityExecution execution) : StepActivity<FindArrayOnlyInput, ArrayOnlySnapshots>(execution)
{
    protected override async Task<ArrayOnlySnapshots> ExecuteAsync(FindArrayOnlyInput input, CancellationToken cancellation)
    {
        // Nobody follows: CloudStack is not asked for all its snapshots.
        if (!policies.List().Any(stored => stored.Policy is { Enabled: true, FollowCloudStack: true })) return new ArrayOnlySnapshots([]);
        var all = await cloudStack.ListSnapshotsAsync(new SnapshotFilter(), cancellation);
        return new ArrayOnlySnapshots([.. all
            .Where(snapshot => CloudSnapshots.WhyNot(snapshot) is null)
            .Select(CloudSnapshots.Of)
            .Where(snapshot => snapshot.CreatedAt is { } at && input.Now - at <= options.Value.ReconcileWindow)
            .OrderBy(snapshot => snapshot.CreatedAt).ThenBy(snapshot => snapshot.Id, StringComparer.Ordinal)]);
    }
}
