using System.Runtime.CompilerServices;

namespace SnapshotWorkflows.Secondary.Manifests;

/// <summary>Manifests on a store. Publishing one is a snapshot's commit point.</summary>
public sealed class ManifestStore(ISecondaryStore store)
{
    /// <summary>Publishes if absent. The very same bytes there already are success: an earlier attempt made them and its answer was lost.</summary>
    /// <returns>The manifest's relative name.</returns>
    /// <exception cref="ManifestException"><c>manifest.conflict</c>: another manifest has that name. It is never overwritten.</exception>
    public async Task<string> PublishAsync(SnapshotManifest manifest, CancellationToken cancellation)
    {
        var name = SnapshotLocations.Manifest(SnapshotAddress.Of(manifest));
        var bytes = ManifestFormat.Write(manifest);
        if (await store.PutAsync(name, bytes, cancellation) == PutOutcome.Created)
            return name;

        var existing = await store.ReadAllAsync(name, ManifestFormat.LongestBytes, cancellation);
        if (existing.AsSpan().SequenceEqual(bytes))
            return name;
        throw new ManifestException("manifest.conflict", $"Another manifest is published as '{name}'.",
            "The snapshot of that id is there already, with other content: compare the two; a new snapshot needs a new id.");
    }

    public async Task<SnapshotManifest?> FindAsync(SnapshotAddress address, CancellationToken cancellation)
    {
        var name = SnapshotLocations.Manifest(address);
        return await store.FindAsync(name, cancellation) is null ? null : await ReadAsync(name, cancellation);
    }

    /// <exception cref="ManifestException"><c>manifest.invalid</c>, <c>manifest.newer</c>; also where the manifest does not belong to its name.</exception>
    public async Task<SnapshotManifest> ReadAsync(string name, CancellationToken cancellation)
    {
        var manifest = ManifestFormat.Read(await store.ReadAllAsync(name, ManifestFormat.LongestBytes, cancellation));
        if (SnapshotLocations.TryParseManifest(name, out var address) && address == SnapshotAddress.Of(manifest))
            return manifest;
        throw ManifestFormat.Invalid($"its zone, volume and snapshot do not give the name '{name}'.", null);
    }

    /// <summary>Names of all manifests under a prefix of names; complete or an exception.</summary>
    public async IAsyncEnumerable<SnapshotAddress> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var found in store.ListAsync(prefix, cancellation))
        {
            if (SnapshotLocations.TryParseManifest(found.Name, out var address))
                yield return address;
        }
    }
}
