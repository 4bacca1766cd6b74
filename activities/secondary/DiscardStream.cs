using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Takes away what a streamed copy has stored, finished or not. Where a manifest exists the data is a backup and stays.</summary>
[DurableTask(StepNames.DiscardStream)]
public sealed class DiscardStream(SecondaryDestinations destinations, IntentLedger intents, StreamFormats formats, TimeProvider time, IActivityExecution execution) : StepActivity<StreamTarget, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(StreamTarget input, CancellationToken cancellation)
    {
        var key = input.Key;
        DestinationFolders.DemandOwn(key, input.Folder);
        var destination = destinations.Get(input.Destination);
        intents.RequireSettled(key, Roles.Manifest, UnansweredCalls.OnStore, time);
        await destination.DemandNoManifestAsync(input.Folder, cancellation);
        intents.Gone(key, Roles.Manifest);
        await formats.Get(input.Format).DiscardAsync(destination, input, cancellation);
        // Object stores have no folders; on a file store the empty one goes too.
        if (destination.Folders is { } folders) await folders.RemoveFolderAsync(input.Folder, [], cancellation);
        intents.Gone(key, Roles.Stream);
        return true;
    }
}
