using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>
/// Makes the index anew from what lies on the stores: manifests, holds, marks of damage and tombstones, also those whose manifest is gone already. A store that cannot be listed whole ends it with nothing changed for that store.
/// Rows of snapshots that have a manifest are replaced; a row that claims a copy whose manifest is not there is marked as failed, never dropped. Copies of other installations on the same store
/// are left to them: their rows, which an earlier version may have made, go, for a rule of ours would count and delete them.
/// </summary>
public sealed class CatalogRebuild(SecondaryDestinations destinations, SnapshotIndex index, Marker marker)
{
    public const string ManifestMissing = "manifest.missing";

    /// <param name="progress">Told what was read, for people.</param>
    public async Task<RebuildReport> RunAsync(IProgress<string>? progress, CancellationToken cancellation)
    {
        var report = new RebuildReport(0, 0, 0, []);
        foreach (var destination in destinations.All) report = report.Plus(await RebuildAsync(destination, progress, cancellation));
        return report;
    }

    private async Task<RebuildReport> RebuildAsync(SecondaryDestination destination, IProgress<string>? progress, CancellationToken cancellation)
    {
        var names = new List<string>();
        var damaged = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        await foreach (var found in destination.Store.ListAsync(SnapshotLocations.Prefix, cancellation))
        {
            names.Add(found.Name);
            if (SnapshotLocations.IsDamaged(found.Name)) damaged[found.Name] = found.ModifiedAt;
        }

        var marks = names.Where(name => SnapshotLocations.IsHold(name) || SnapshotLocations.IsTombstone(name)).ToHashSet(StringComparer.Ordinal);
        var manifests = new ManifestStore(destination.Store);
        var unreadable = new List<UnreadableManifest>();
        var seen = new HashSet<RequestKey>();
        var (foreign, away) = (0, 0);
        var late = new List<string>();
        foreach (var name in names.Where(name => SnapshotLocations.TryParseManifest(name, out _)))
        {
            SnapshotManifest manifest;
            try
            {
                manifest = await manifests.ReadAsync(name, cancellation);
            }
            catch (ManifestException broken)
            {
                unreadable.Add(new UnreadableManifest(destination.Name, name, broken.Message));
                continue;
            }
            catch (SecondaryStoreException gone) when (gone.Code == StoreCodes.Missing)
            {
                // Deleted since the listing: other nodes may be at work on the same store. Its tombstone may be newer than the listing too.
                var tombstone = SnapshotLocations.Tombstone(SnapshotLocations.AddressOf(name));
                if (!marks.Contains(tombstone) && await destination.Store.FindAsync(tombstone, cancellation) is not null) late.Add(tombstone);
                continue;
            }

            if (!marker.OwnsCopiesOf(manifest.Installation))
            {
                foreign++;
                if (index.Find(new RequestKey(manifest.RequestKey)) is { } adopted && adopted.Status.Manifest == name && adopted.Status.Destination == destination.Name) index.Remove(adopted.Key);
                continue;
            }

            var address = SnapshotAddress.Of(manifest);
            var row = ManifestRow.Of(manifest, destination.Name, name) with
            {
                Held = marks.Contains(SnapshotLocations.Hold(address)),
                DamagedAt = damaged.TryGetValue(SnapshotLocations.Damaged(address), out var damagedAt) ? damagedAt : null,
            };
            if (marks.Contains(SnapshotLocations.Tombstone(address))) row = row with { Status = row.Status with { State = SnapshotState.Destroying } };
            seen.Add(row.Key);
            if (!await PutAsync(destination, address, row, cancellation))
            {
                away++;
                continue;
            }

            if (seen.Count % 1000 == 0) progress?.Report($"{destination.Name}: {seen.Count} manifests read");
        }

        // Half deleted: the manifest is gone, the data may not be. The row brings the deletion to its end.
        var deleting = 0;
        foreach (var name in names.Where(SnapshotLocations.IsTombstone).Concat(late))
        {
            try
            {
                var mark = StoredMark.Read(await destination.Store.ReadAllAsync(name, StoredMark.LongestBytes, cancellation), name);
                var copy = mark.Copy;
                if ((mark.Installation is { } whose && !marker.OwnsCopiesOf(whose)) || !seen.Add(copy.Snapshot)) continue;
                deleting++;
                if (index.Change(copy.Snapshot, row => row.Status.State == SnapshotState.Destroyed ? row : row with { Status = row.Status with { State = SnapshotState.Destroying } })) continue;
                index.Upsert(Half(copy, destination.Name, (await destination.Store.FindAsync(name, cancellation))?.ModifiedAt ?? DateTimeOffset.UnixEpoch));
            }
            catch (StepFaultException broken)
            {
                unreadable.Add(new UnreadableManifest(destination.Name, name, broken.Message));
            }
            catch (SecondaryStoreException gone) when (gone.Code == StoreCodes.Missing)
            {
                // The deletion came to its end since the listing.
            }
        }

        var missing = 0;
        foreach (var claimed in index.BackedUpOn(destination.Name).Where(row => !seen.Contains(row.Key) && unreadable.All(one => one.Name != row.Status.Manifest)))
        {
            // Published since the listing: on a server's catalog other nodes may be at work.
            if (claimed.Status.Manifest is { } published && await destination.Store.FindAsync(published, cancellation) is not null) continue;
            missing++;
            index.Change(claimed.Key, row => row with
            {
                Status = row.Status with
                {
                    State = SnapshotState.Error,
                    Failure = new StepNotice(ManifestMissing, $"'{row.Status.Manifest}' is not on {destination.Name} any more, so there is no such backup.", "Look for who removed it; restore the store from a copy, or delete the snapshot.", ""),
                },
            });
        }

        progress?.Report($"{destination.Name}: {seen.Count - deleting - away} manifests read, {deleting} half deleted, {unreadable.Count} unreadable, {missing} missing, {foreign} of other installations");
        return new RebuildReport(seen.Count - deleting - away, marks.Count(SnapshotLocations.IsHold), missing, unreadable) { Deleting = deleting, Foreign = foreign };
    }

    /// <summary>
    /// On a server's catalog other nodes may be at work, and a row may know more than a listing that is older: where the two differ the store is asked again, and a row that has changed meanwhile is not written over.
    /// </summary>
    /// <returns>False when the copy is gone; its row stays as it is.</returns>
    private async Task<bool> PutAsync(SecondaryDestination destination, SnapshotAddress address, SnapshotRow listed, CancellationToken cancellation)
    {
        while (index.Find(listed.Key) is { } before)
        {
            var row = listed with
            {
                Caller = before.Caller, CreatedAt = before.CreatedAt, DamagedAt = before.DamagedAt ?? listed.DamagedAt, LastProven = before.LastProven, VerifyTriedAt = before.VerifyTriedAt, Notice = before.Notice,
            };
            if (before.Held != row.Held) row = row with { Held = await IsThereAsync(destination, SnapshotLocations.Hold(address), cancellation) };
            if (before.Status.State is SnapshotState.Destroying or SnapshotState.Destroyed && row.Status.State == SnapshotState.BackedUp)
            {
                if (!await IsThereAsync(destination, row.Status.Manifest!, cancellation)) return false;
                if (await IsThereAsync(destination, SnapshotLocations.Tombstone(address), cancellation)) row = row with { Status = row.Status with { State = SnapshotState.Destroying } };
            }

            var written = false;
            index.Change(listed.Key, now =>
            {
                written = now.Held == before.Held && now.Status.State == before.Status.State;
                return written ? row : now;
            });
            if (written) return true;
        }

        index.Upsert(listed);
        return true;
    }

    private static async Task<bool> IsThereAsync(SecondaryDestination destination, string name, CancellationToken cancellation) => await destination.Store.FindAsync(name, cancellation) is not null;

    /// <summary>As far as its tombstone tells it.</summary>
    private static SnapshotRow Half(StoredCopy copy, string destination, DateTimeOffset deletedFrom) => new()
    {
        Key = copy.Snapshot,
        VolumeId = SnapshotLocations.AddressOf(copy.Manifest).VolumeUuid,
        Caller = ManifestRow.UnknownCaller,
        CreatedAt = deletedFrom,
        GroupId = copy.Group?.Uuid,
        Status = new SnapshotStatus
        {
            State = SnapshotState.Destroying, Manifest = copy.Manifest, Location = copy.Location, Destination = destination, StoredBytes = copy.DataBytes,
            Cleanup = new CleanupStatus(Done: true, Stuck: null), Ended = true,
        },
    };
}

/// <param name="Missing">Rows whose manifest was gone.</param>
public sealed record RebuildReport(int Snapshots, int Holds, int Missing, IReadOnlyList<UnreadableManifest> Unreadable)
{
    /// <summary>Copies whose deletion had begun and not ended: it is taken up again by itself.</summary>
    public int Deleting { get; init; }

    /// <summary>Copies of other installations, left alone.</summary>
    public int Foreign { get; init; }

    public RebuildReport Plus(RebuildReport other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new RebuildReport(Snapshots + other.Snapshots, Holds + other.Holds, Missing + other.Missing, [.. Unreadable, .. other.Unreadable]) { Deleting = Deleting + other.Deleting, Foreign = Foreign + other.Foreign };
    }
}

public sealed record UnreadableManifest(string Destination, string Name, string Why);
