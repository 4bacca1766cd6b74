using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>The catalog's row of a snapshot, as far as its manifest alone tells it.</summary>
internal static class ManifestRow
{
    /// <summary>Who asked is not in a manifest.</summary>
    public const string UnknownCaller = "rebuilt";

    public static SnapshotRow Of(SnapshotManifest manifest, string destination, string name) => new()
    {
        Key = new RequestKey(manifest.RequestKey),
        VolumeId = manifest.Volume.CloudStackId,
        VolumeName = manifest.Volume.Name,
        VmId = manifest.Vm?.CloudStackId,
        Account = manifest.Account,
        DomainId = manifest.DomainId,
        Name = manifest.Name,
        Caller = UnknownCaller,
        CreatedAt = manifest.CreatedAt,
        Policy = manifest.Policy,
        Tags = manifest.Tags,
        GroupId = manifest.GroupId,
        Primary = manifest.KeptOnPrimary is true ? new ArrayVolume(manifest.Volume.ArrayClusterUuid, manifest.Volume.VolumeId) : null,
        AdoptedSnapshotId = manifest.AdoptedSnapshotId,
        Status = new SnapshotStatus
        {
            State = SnapshotState.BackedUp,
            Consistency = manifest.Consistency.Kind == ConsistencyKind.Quiesced ? "quiesced" : "crash",
            FrozenMs = manifest.Consistency.FrozenMilliseconds,
            Verified = new VerifiedMark(manifest.Verified.Level.ToString().ToLowerInvariant(), manifest.Verified.At),
            Manifest = name,
            Location = manifest.Location,
            Destination = destination,
            Root = manifest.Root,
            DiskBytes = manifest.DiskBytes,
            StoredBytes = manifest.DataBytes,
            TakenAt = manifest.CreatedAt,
            Cleanup = new CleanupStatus(Done: true, Stuck: null),
            Ended = true,
        },
    };
}
