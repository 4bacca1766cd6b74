using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Secondary.Restore;
using SnapshotWorkflows.Secondary.Verify;
using SnapshotWorkflows.Secondary.Vhd;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>The phases in the format <c>vhd</c>: every snapshot one self-contained VHD.</summary>
internal static class VhdPhases
{
    private static readonly DateTimeOffset s_time = new(2026, 11, 26, 0, 0, 0, TimeSpan.Zero);

    public static async Task<(long Sent, string? Root)> RunAsync(Dictionary<string, string> options, ISecondaryStore store)
    {
        // Verification takes all copies there are, as with chunks; a restore takes the one named.
        var name = $"vhd/{options.GetValueOrDefault("--snapshot", "s2")}.vhd";
        switch (options["--phase"])
        {
            case "write":
                using (var image = FileDisk.Open(options["--image"]))
                {
                    var request = new VhdCopyRequest { Location = name, Session = name.Replace('/', '-'), UniqueId = new Guid("6f1d2c3b-4a59-4e68-9777-865544332211"), Timestamp = s_time };
                    var receipt = await VhdCopy.FromDiskAsync(store, request, image, null, default);
                    return (receipt.SentBytes, receipt.Digest.Root.Hex);
                }

            case "verify":
                var result = await new VhdVerification(TimeProvider.System).VerifyAsync(store, new VerificationRequest { Location = name }, null, default);
                return result.Verdict == VerificationVerdict.NotCompared ? (result.DataBytes, result.Digest!.Root.Hex) : throw new InvalidOperationException(result.Summary);
            default:
                var restored = await VhdRestore.RestoreToFileAsync(store, await ManifestAsync(store, name, options["--root"]), options["--target"], DiskHashOptions.Default, null, default);
                return (restored.WrittenBytes, restored.Root.Hex);
        }
    }

    private static async Task<SnapshotManifest> ManifestAsync(ISecondaryStore store, string name, string root)
    {
        await using var reader = await store.OpenAsync(name, ReadPurpose.Ordinary, default);
        var vhd = await VhdReader.OpenAsync(reader, default);
        const string uuid = "0a1b2c3d-0000-4000-8000-00000000000a";
        return new SnapshotManifest
        {
            FormatVersion = 1, SnapshotId = uuid, Installation = "bench", RequestKey = "bench", CreatedAt = s_time, Zone = "bench",
            Volume = new ManifestVolume { CloudStackId = uuid, ArrayClusterUuid = "bench", VolumeId = 1, Iqn = "iqn", VirtualSizeBytes = vhd.DiskBytes },
            Format = SnapshotManifest.VhdFormat, Location = name, DataBytes = reader.Length, DiskBytes = vhd.DiskBytes, Root = root, RootAlgorithm = DiskRoot.Algorithm,
            Consistency = new ManifestConsistency { Kind = ConsistencyKind.Crash, Quiesce = QuiesceMode.None },
            Verified = new ManifestVerification { Level = VerificationLevel.Full, At = s_time, By = "bench" },
            Copy = new ManifestCopy { Method = CopyMethod.Stream, StartedAt = s_time, EndedAt = s_time, Strategy = ResignStrategy.Dedicated, Pool = "bench", Host = "bench" },
        };
    }
}
