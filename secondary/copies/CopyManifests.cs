using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Secondary.Copies;

/// <summary>Finds a copy by its snapshot's uuid alone: what is needed when the catalog is lost and only the store is left.</summary>
public static class CopyManifests
{
    /// <summary>The snapshot's manifest. Lists everything under <c>swf/</c>, which on a large store takes its time.</summary>
    /// <exception cref="ManifestException"><c>manifest.missing</c>: no manifest of that snapshot; <c>manifest.ambiguous</c>: several; or the one found is damaged.</exception>
    public static async Task<SnapshotManifest> FindAsync(ISecondaryStore store, string snapshotUuid, CancellationToken cancellation)
    {
        var manifests = new ManifestStore(store);
        SnapshotAddress? found = null;
        await foreach (var address in manifests.ListAsync(SnapshotLocations.Prefix, cancellation))
        {
            if (address.SnapshotUuid != snapshotUuid)
                continue;
            if (found is not null)
            {
                throw new ManifestException("manifest.ambiguous", $"'{SnapshotLocations.Manifest(found)}' and '{SnapshotLocations.Manifest(address)}' are both of snapshot {snapshotUuid}.",
                    "Give the manifest's name instead of the snapshot's uuid.");
            }
            found = address;
        }
        return found is null
            ? throw new ManifestException("manifest.missing", $"There is no manifest of snapshot {snapshotUuid} on '{store.Name}', so there is no such backup there.", "Look at the uuid, and at the other destinations.")
            : await manifests.ReadAsync(SnapshotLocations.Manifest(found), cancellation);
    }
}
