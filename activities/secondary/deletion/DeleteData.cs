using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Deletes the snapshot's data, once its manifest is gone, and is done only when the store lists none of it.</summary>
[DurableTask(StepNames.DeleteData)]
public sealed class DeleteData(SecondaryDestinations destinations, IntentLedger intents, TimeProvider time, IActivityExecution execution) : StepActivity<StoredCopy, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(StoredCopy input, CancellationToken cancellation)
    {
        var destination = destinations.Get(input.Destination);
        if (await destination.Store.FindAsync(input.Manifest, cancellation) is not null)
        {
            throw new StepFaultException(new StepFault("store.manifest-exists", FaultKind.Conflict, $"'{input.Manifest}' exists, so the data beside it is a backup. It was not removed.", "Report this with the instance's history."));
        }

        if (input.Format == DataFormats.Chunks)
        {
            // Hidden at once; what no other snapshot shares is taken by a collection of the repository.
            var repository = await destination.OpenRepositoryAsync(time, cancellation);
            await repository.DeleteAsync(SnapshotLocations.AddressOf(input.Manifest).SnapshotUuid, cancellation);
        }

        var folder = SnapshotLocations.DataFolder(SnapshotLocations.AddressOf(input.Manifest));
        var isBeside = input.Format == DataFormats.Vhd && !input.Location.StartsWith($"{folder}/", StringComparison.Ordinal);
        // What a copy left that died after its object had its name: it would keep the object's space, and be in the folder's way.
        if (input.Format == DataFormats.Vhd && !isBeside) await destination.Staging.DiscardStagedAsync(input.Location, cancellation);
        if (destination.Folders is { } folders)
        {
            var files = await folders.FilesInFolderAsync(folder, cancellation);
            await folders.RemoveFolderAsync(folder, [.. files.Where(HypervisorFiles.IsTheirs)], cancellation);
        }
        else
        {
            var names = new List<string>();
            await foreach (var found in destination.Store.ListAsync($"{folder}/", cancellation)) names.Add(found.Name);
            foreach (var name in names) await destination.Store.DeleteAsync(name, cancellation);
        }

        if (isBeside)
        {
            // In CloudStack's tree: this one file, which bears the snapshot's own uuid, and nothing beside it.
            if (Path.GetDirectoryName(input.Location) is not { } home || !SecondaryPaths.IsValid(home) || Path.GetFileName(input.Location) != $"{input.Snapshot.Uuid}.vhd")
                throw new StepFaultException(new StepFault("store.not-ours", FaultKind.Conflict, $"'{input.Location}' is not a name that we give. It was not removed.", "Look at the manifest; report this with the instance's history."));
            await destination.Staging.DiscardStagedAsync(input.Location, cancellation);
            await destination.Store.DeleteAsync(input.Location, cancellation);
        }

        intents.Gone(input.Snapshot, Roles.DestinationVdi);
        intents.Gone(input.Snapshot, Roles.Folder);
        intents.Gone(input.Snapshot, Roles.Stream);
        return true;
    }
}
