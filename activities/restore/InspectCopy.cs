using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>Reads the manifest of what is to be restored, and looks whether its data is there in the length that it tells. Makes nothing.</summary>
[DurableTask(StepNames.InspectCopy)]
public sealed class InspectCopy(SnapshotIndex index, SecondaryDestinations destinations, IActivityExecution execution) : StepActivity<InspectCopyInput, RestoreSource>(execution)
{
    protected override async Task<RestoreSource> ExecuteAsync(InspectCopyInput input, CancellationToken cancellation)
    {
        if (index.Find(input.Snapshot) is not { Status: { Manifest: { } name, Destination: { } destination } } row) throw Gone(input.Snapshot);
        if (input.Overwrites && row.DamagedAt is { } damagedAt)
        {
            throw new StepFaultException(new StepFault(
                "restore.copy-damaged", FaultKind.Corrupt, $"Snapshot {input.Snapshot.Uuid} was found damaged at {damagedAt:yyyy-MM-dd HH:mm} UTC; what the volume holds is not given up for it.",
                "Restore another snapshot, or this one into a new volume. Where the store is mended, POST /api/snapshots/{id}/verify first."));
        }

        var store = destinations.Get(destination).Store;
        var address = SnapshotLocations.AddressOf(name);
        if (await store.FindAsync(SnapshotLocations.Tombstone(address), cancellation) is not null) throw Gone(input.Snapshot);
        if (await new ManifestStore(store).FindAsync(address, cancellation) is not { } manifest) throw Gone(input.Snapshot);
        var data = await store.FindAsync(manifest.Location, cancellation);
        if (data?.Length != manifest.DataBytes)
        {
            throw new StepFaultException(new StepFault(
                "restore.copy-damaged", FaultKind.Corrupt,
                data is null ? $"'{manifest.Location}', which the manifest names, is not on {destination}." : $"'{manifest.Location}' has {data.Length} bytes, its manifest says {manifest.DataBytes}.",
                "Restore another snapshot of the volume; find out who changed the store."));
        }

        var copy = new StoredCopy(
            input.Snapshot, destination, name, manifest.Format, manifest.Location, manifest.DataBytes, new ArrayVolume(manifest.Volume.ArrayClusterUuid, manifest.Volume.VolumeId));
        return new RestoreSource(copy, manifest.Root, manifest.DiskBytes, manifest.Account, manifest.Volume.Name) { DomainId = manifest.DomainId };
    }

    private static StepFaultException Gone(RequestKey snapshot) => new(new StepFault(
        "snapshot.gone", FaultKind.NotFound, $"Snapshot {snapshot.Uuid} has no copy on secondary storage.", "Restore a snapshot that is BackedUp."));
}
