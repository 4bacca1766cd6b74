using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>
/// Removes the folder of a snapshot that came to nothing, with what the hypervisor left in it. The folder is the request's own: its name holds the
/// snapshot's uuid, and only files that a hypervisor makes there are removed.
/// </summary>
[DurableTask(StepNames.RemoveFolder)]
public sealed class RemoveFolder(SecondaryDestinations destinations, IntentLedger intents, TimeProvider time, IActivityExecution execution) : StepActivity<DestinationFolder, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(DestinationFolder input, CancellationToken cancellation)
    {
        var key = input.Key ?? new RequestKey(Execution.InstanceId);
        DestinationFolders.DemandOwn(key, input.Folder);
        var destination = destinations.Get(input.Destination);
        intents.RequireSettled(key, Roles.Manifest, UnansweredCalls.OnStore, time);
        await destination.DemandNoManifestAsync(input.Folder, cancellation);
        intents.Gone(key, Roles.Manifest);
        var folders = destination.RequireFolders();
        var files = await folders.FilesInFolderAsync(input.Folder, cancellation);
        await folders.RemoveFolderAsync(input.Folder, [.. files.Where(HypervisorFiles.IsTheirs)], cancellation);
        intents.Gone(key, Roles.Folder);
        return true;
    }
}
