using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Makes the snapshot's own folder, durably; there already is success.</summary>
[DurableTask(StepNames.PrepareFolder)]
public sealed class PrepareFolder(SecondaryDestinations destinations, IntentLedger intents, IActivityExecution execution) : StepActivity<DestinationFolder, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(DestinationFolder input, CancellationToken cancellation)
    {
        intents.Intend(new RequestKey(Execution.InstanceId), Roles.Folder, "secondary", input.Destination, input.Folder);
        await destinations.Get(input.Destination).RequireFolders().EnsureFolderAsync(input.Folder, cancellation);
        return true;
    }
}
