using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>
/// Puts the manifest beside the data, if absent: from then on the snapshot exists. The same manifest again is success. A store's refusal is believed only where it is certain that no attempt has put the manifest: what is
/// refused for good is undone, data and all.
/// </summary>
[DurableTask(StepNames.PublishManifest)]
public sealed class PublishManifest(SecondaryDestinations destinations, IntentLedger intents, Marker marker, ILogger<PublishManifest> logger, IActivityExecution execution)
    : StepActivity<PublishManifestInput, ManifestReceipt>(execution)
{
    protected override async Task<ManifestReceipt> ExecuteAsync(PublishManifestInput input, CancellationToken cancellation)
    {
        var key = input.Request.Key;
        var wanted = input.Destination.ManifestName;
        var first = intents.Intend(key, Roles.Manifest, "secondary", input.Destination.Destination, wanted);
        ISecondaryStore? store = null;
        string name;
        try
        {
            store = destinations.Get(input.Destination.Destination).Store;
            name = await new ManifestStore(store).PublishAsync(Manifest(input), cancellation);
        }
        catch (SecondaryStoreException refused) when (FaultMap.Find(refused) is { IsRetryable: false } fault)
        {
            if (first && refused.Code is StoreCodes.NotMounted or StoreCodes.PathMissing or StoreCodes.NoDestination)
            {
                // Said before anything is put, and nobody had tried before.
                intents.Gone(key, Roles.Manifest);
                throw;
            }

            if (await IsAbsentAsync(store, wanted, cancellation)) throw;
            throw new StepFaultException(
                fault with { Kind = FaultKind.Transient, Message = $"{fault.Message} Whether '{wanted}' was put before is not known, so its data stays, and it is tried again." }, refused);
        }
        await store.SweepAsync(name, Execution, logger, cancellation);
        intents.Made(key, Roles.Manifest, name);
        return new ManifestReceipt(name, input.Location);
    }

    /// <summary>The store's own word that it has no such manifest. A store that says nothing has said neither.</summary>
    private static async Task<bool> IsAbsentAsync(ISecondaryStore? store, string manifest, CancellationToken cancellation)
    {
        try
        {
            return store is not null && await store.FindAsync(manifest, cancellation) is null;
        }
        catch (SecondaryStoreException)
        {
            return false;
        }
    }

    /// <summary>Made of history alone, so that every attempt writes the same bytes.</summary>
    private SnapshotManifest Manifest(PublishManifestInput input)
    {
        var streamed = input.Destination.Copy == CopyMethods.Stream;
        return new SnapshotManifest
        {
            FormatVersion = SnapshotManifest.CurrentFormatVersion,
            SnapshotId = input.Request.Key.Uuid,
            Name = input.Request.Name,
            Installation = marker.Installation,
            RequestKey = input.Request.Key.Value,
            CreatedAt = input.Snapshot.CreatedAt,
            Zone = input.Volume.ZoneId,
            Account = input.Volume.Account,
            DomainId = input.Volume.DomainId,
            Volume = new ManifestVolume
            {
                CloudStackId = input.Volume.Id,
                Name = input.Volume.Name,
                ArrayClusterUuid = input.Array.Volume.ClusterUuid,
                VolumeId = input.Array.Volume.VolumeId,
                Iqn = input.Array.Iqn,
                VirtualSizeBytes = input.Content.DiskBytes,
            },
            Vm = input.Volume.VmId is { } vm ? new ManifestVm { CloudStackId = vm, Name = input.Volume.VmName } : null,
            Format = input.Destination.Format ?? DataFormats.Vhd,
            Location = input.Location,
            DataBytes = input.Content.StoredBytes,
            DiskBytes = input.Content.DiskBytes,
            Root = input.Content.Root,
            RootAlgorithm = DiskRoot.Algorithm,
            Consistency = new ManifestConsistency
            {
                Kind = input.Consistency == "quiesced" ? ConsistencyKind.Quiesced : ConsistencyKind.Crash,
                Quiesce = input.Request.Quiesce switch
                {
                    Contracts.QuiesceMode.Hook => Secondary.Manifests.QuiesceMode.Hook,
                    Contracts.QuiesceMode.Pause => Secondary.Manifests.QuiesceMode.Pause,
                    _ => Secondary.Manifests.QuiesceMode.None,
                },
                FrozenMilliseconds = input.FrozenMs is { } ms ? (long)Math.Round(ms) : null,
            },
            Verified = new ManifestVerification { Level = VerificationLevel.Full, At = input.VerifiedAt, By = streamed ? "clone as it was read against the copy read back" : "export of the clone against the copy read back" },
            Copy = new ManifestCopy
            {
                Method = streamed ? CopyMethod.Stream : CopyMethod.Offload,
                StartedAt = input.CopyStartedAt,
                // Each is the clock of the node that had the turn: one that was set back in between, or another's, must not cost the copy.
                EndedAt = input.CopyEndedAt < input.CopyStartedAt ? input.CopyStartedAt : input.CopyEndedAt,
                Strategy = input.Host.Strategy == ResignStrategies.Dedicated ? ResignStrategy.Dedicated : ResignStrategy.Relvmoiscsi,
                Pool = input.Host.Pool,
                Host = input.Host.HostUuid,
            },
            // In a repository every snapshot is full, and its own manifest there tells what was taken over and why not.
            FullReason = input.Destination.Format == DataFormats.Chunks ? null : "format-has-no-increments",
            Policy = input.Request.Policy,
            Tags = input.Request.Tags is { Count: > 0 } tags ? new SortedDictionary<string, string>(tags.ToDictionary(), StringComparer.Ordinal) : null,
            GroupId = input.Request.Group?.Uuid,
            KeptOnPrimary = input.Request.KeepOnPrimary ? true : null,
            AdoptedSnapshotId = input.Request.AdoptSnapshotId,
        };
    }
}
