using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Looks on the store for copies that are to survive: the manifest can be read, no deletion of it has begun, it was not found damaged, and the data object it names has the length it tells. Damage
/// that the store notes and the catalog does not know, as after a restore of it, is noted in the row: no later judgement counts on that copy.</summary>
[DurableTask(StepNames.ProveCopies)]
public sealed class ProveCopies(SnapshotIndex index, SecondaryDestinations destinations, IActivityExecution execution) : StepActivity<ProveCopiesInput, ProvenCopies>(execution)
{
    protected override async Task<ProvenCopies> ExecuteAsync(ProveCopiesInput input, CancellationToken cancellation)
    {
        var absent = new List<RequestKey>();
        foreach (var key in input.Snapshots)
        {
            if (!await IsThereAsync(key, cancellation)) absent.Add(key);
        }

        return new ProvenCopies(absent);
    }

    private async Task<bool> IsThereAsync(RequestKey key, CancellationToken cancellation)
    {
        if (index.Find(key) is not { Status: { Manifest: { } name, Destination: { } destination } }) return false;
        var store = destinations.Get(destination).Store;
        try
        {
            var address = SnapshotLocations.AddressOf(name);
            if (await store.FindAsync(SnapshotLocations.Tombstone(address), cancellation) is not null) return false;
            if (await store.FindAsync(SnapshotLocations.Damaged(address), cancellation) is { } damage)
            {
                index.Change(key, row => row with { DamagedAt = row.DamagedAt ?? damage.ModifiedAt });
                return false;
            }

            if (await new ManifestStore(store).FindAsync(address, cancellation) is not { } manifest) return false;
            return await store.FindAsync(manifest.Location, cancellation) is { } data && data.Length == manifest.DataBytes;
        }
        catch (ManifestException)
        {
            return false;
        }
    }
}
