using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Finds the copy that the catalog names: by its manifest, or, where a deletion had begun, by its tombstone.</summary>
[DurableTask(StepNames.FindCopy)]
public sealed class FindCopy(SnapshotIndex index, IntentLedger intents, SecondaryDestinations destinations, IActivityExecution execution) : StepActivity<FindCopyInput, FoundCopy>(execution)
{
    /// <summary>The ledger knows of the manifest, and that it was deleted. What nobody knows of is not gone.</summary>
    private bool IsGone(RequestKey snapshot, string destination) => intents.Knows(snapshot, Roles.Manifest, destination) && intents.Find(snapshot, Roles.Manifest) is null;

    protected override async Task<FoundCopy> ExecuteAsync(FindCopyInput input, CancellationToken cancellation)
    {
        var row = index.Find(input.Snapshot);
        if (row is not { Status: { Manifest: { } name, Destination: { } destination } }) return OnPrimary(row);
        var store = destinations.Get(destination).Store;
        var address = SnapshotLocations.AddressOf(name);
        if (await new ManifestStore(store).FindAsync(address, cancellation) is { } manifest)
        {
            return new FoundCopy(new StoredCopy(
                input.Snapshot, destination, name, manifest.Format, manifest.Location, manifest.DataBytes, new ArrayVolume(manifest.Volume.ArrayClusterUuid, manifest.Volume.VolumeId))
            {
                Group = RequestKey.TryParse(row.GroupId, out var group) ? group : null,
                KeptOnPrimary = manifest.KeptOnPrimary is true || row.Primary is not null,
            })
            {
                Begun = row.Status.State == SnapshotState.Destroying,
            };
        }

        var tombstone = SnapshotLocations.Tombstone(address);
        if (await store.FindAsync(tombstone, cancellation) is not null) return new FoundCopy(StoredMark.Read(await store.ReadAllAsync(tombstone, StoredMark.LongestBytes, cancellation), tombstone).Copy);
        if (row is { Primary: not null, Status: { State: SnapshotState.Error, Ended: true } }) return OnPrimary(row) with { CopyGone = true };
        return new FoundCopy(null)
        {
            Destroyed = row.Status.State == SnapshotState.Destroyed,
            Finished = row.Status.State == SnapshotState.Destroying && IsGone(input.Snapshot, destination),
            Remains = row.Status.State == SnapshotState.Destroyed ? await RemainsAsync(row, destinations.Get(destination), cancellation) : null,
        };
    }

    private static FoundCopy OnPrimary(SnapshotRow? row) => new(null)
    {
        Primary = row?.Primary,
        Group = row?.Primary is not null && RequestKey.TryParse(row.GroupId, out var taken) ? taken : null,
        Destroyed = row?.Status.State == SnapshotState.Destroyed,
    };

    private static async Task<StoredCopy?> RemainsAsync(SnapshotRow row, SecondaryDestination destination, CancellationToken cancellation) =>
        row.Status is { Manifest: { } manifest, Location: { } location } && location.StartsWith(SecondaryDestination.RepositoryOptions.Prefix, StringComparison.Ordinal) && await destination.HasRepositoryAsync(cancellation)
            ? new StoredCopy(row.Key, destination.Name, manifest, DataFormats.Chunks, location, DataBytes: 0, row.Primary ?? new ArrayVolume("", 0))
            : null;
}
