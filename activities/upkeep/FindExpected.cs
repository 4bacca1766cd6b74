using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Reads from a copy's manifest what its data must hold. Makes nothing.</summary>
[DurableTask(StepNames.FindExpected)]
public sealed class FindExpected(SnapshotIndex index, SecondaryDestinations destinations, IActivityExecution execution) : StepActivity<FindCopyInput, ExpectedCopy>(execution)
{
    protected override async Task<ExpectedCopy> ExecuteAsync(FindCopyInput input, CancellationToken cancellation)
    {
        if (index.Find(input.Snapshot) is not { Status: { State: SnapshotState.BackedUp, Manifest: { } name, Destination: { } destination } }) return new ExpectedCopy(null, Missing: false);
        var store = destinations.Get(destination).Store;
        var address = SnapshotLocations.AddressOf(name);
        if (await new ManifestStore(store).FindAsync(address, cancellation) is { } manifest)
        {
            return new ExpectedCopy(
                new VerifyCopyInput(input.Snapshot, destination, manifest.Location, new ContentReceipt(manifest.Root, manifest.DiskBytes, 0, manifest.DataBytes)) { Format = manifest.Format, Manifest = name }, Missing: false);
        }

        // Under a tombstone the manifest goes on purpose.
        return new ExpectedCopy(null, Missing: await store.FindAsync(SnapshotLocations.Tombstone(address), cancellation) is null);
    }
}
