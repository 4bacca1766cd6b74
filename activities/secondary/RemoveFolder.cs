using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>
/// Removes the folder of a snapshot that came to nothing, with what the hypervisor left in it. The folder is the request's own: its name holds the
/// snapshot's uuid, and only files that a hypervisor makes there are removed.
/// </summary>
[DurableTask(StepNames.RemoveFolder)]
public sealed class RemoveFolder(SecondaryDestinations destinations, IntentLedger intents, IActivityExecution execution) : StepActivity<DestinationFolder, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(DestinationFolder input, CancellationToken cancellation)
    {
        var key = new RequestKey(Execution.InstanceId);
        if (!input.Folder.EndsWith($"/{key.Uuid}", StringComparison.Ordinal))
        {
            throw new StepFaultException(new StepFault("store.not-ours", FaultKind.Conflict, $"'{input.Folder}' is not the folder of snapshot {key.Uuid}.", "Nothing was touched; this is a defect: report it."));
        }

        var destination = destinations.Get(input.Destination);
        var manifest = $"{input.Folder}.manifest.json";
        if (await destination.Store.FindAsync(manifest, cancellation) is not null)
        {
            throw new StepFaultException(new StepFault(
                "store.manifest-exists", FaultKind.Conflict, $"'{manifest}' exists, so the data beside it is a backup. It was not removed.", "Delete the snapshot if it is not wanted; report this if its request failed."));
        }

        intents.Gone(key, Roles.Manifest);
        var folders = destination.RequireFolders();
        var files = await folders.FilesInFolderAsync(input.Folder, cancellation);
        await folders.RemoveFolderAsync(input.Folder, [.. files.Where(HypervisorFiles.IsTheirs)], cancellation);
        intents.Gone(key, Roles.Folder);
        return true;
    }
}
