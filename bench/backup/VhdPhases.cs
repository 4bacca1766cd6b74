using System.Text;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Secondary.Restore;
using SnapshotWorkflows.Secondary.Verify;
using SnapshotWorkflows.Secondary.Vhd;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>The phases of the <c>vhd</c> format: every write is a full one, verification and restore are of the second snapshot.</summary>
internal static class VhdPhases
{
    private const string Judged = "s2";
    private static readonly DateTimeOffset s_time = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task<(long Sent, string? Root)> RunAsync(Dictionary<string, string> options, ISecondaryStore store)
    {
        var snapshot = options.GetValueOrDefault("--snapshot", Judged);
        switch (options["--phase"])
        {
            case "write":
                using (var image = FileDisk.Open(options["--image"]))
                {
                    var request = new VhdCopyRequest { Location = Data(snapshot), Session = snapshot, UniqueId = new Guid("6f1d2c3b-4a59-4e68-9777-865544332211"), Timestamp = s_time };
                    var copy = await VhdCopy.FromDiskAsync(store, request, image, null, default);
                    await store.PutAsync(Root(snapshot), Encoding.ASCII.GetBytes(copy.Digest.Root.Hex), default);
                    return (copy.SentBytes, copy.Digest.Root.Hex);
                }

            case "verify":
                var verdict = await new VhdVerification(TimeProvider.System).VerifyAsync(
                    store, new VerificationRequest { Location = Data(snapshot), ExpectedRoot = await RootAsync(store, snapshot) }, null, default);
                return verdict.Verdict == VerificationVerdict.Match ? (verdict.DataBytes, verdict.Digest!.Root.Hex) : throw new InvalidOperationException(verdict.Summary);
            case "restore" or "restore-readback":
                // A restore of this format always reads back what it wrote.
                var receipt = await VhdRestore.RestoreToFileAsync(store, await ManifestAsync(store, snapshot), options["--target"], DiskHashOptions.Default, null, default);
                return (receipt.WrittenBytes, receipt.Root.Hex);
            case var other:
                throw new InvalidOperationException($"The phase '{other}' is not known.");
        }
    }

    private static string Data(string snapshot) => $"snap/{snapshot}.vhd";

    private static string Root(string snapshot) => $"snap/{snapshot}.root";

    private static async Task<DiskRoot> RootAsync(ISecondaryStore store, string snapshot) => new(Encoding.ASCII.GetString(await store.ReadAllAsync(Root(snapshot), 64, default)));

    private static async Task<SnapshotManifest> ManifestAsync(ISecondaryStore store, string snapshot)
    {
        await using var source = await store.OpenAsync(Data(snapshot), ReadPurpose.Ordinary, default);
        var disk = await VhdReader.OpenAsync(source, default);
        return new SnapshotManifest
        {
            FormatVersion = 1, SnapshotId = "0a1b2c3d-0000-4000-8000-00000000000a", Installation = "bench", RequestKey = "bench", CreatedAt = s_time, Zone = "z",
            Volume = new ManifestVolume { CloudStackId = "c1c2c3c4-0000-4000-8000-00000000000c", ArrayClusterUuid = "a", VolumeId = 1, Iqn = "iqn.bench", VirtualSizeBytes = disk.DiskBytes },
            Format = SnapshotManifest.VhdFormat, Location = Data(snapshot), DataBytes = source.Length, DiskBytes = disk.DiskBytes,
            Root = (await RootAsync(store, snapshot)).Hex, RootAlgorithm = DiskRoot.Algorithm,
            Consistency = new ManifestConsistency { Kind = ConsistencyKind.Crash, Quiesce = QuiesceMode.None },
            Verified = new ManifestVerification { Level = VerificationLevel.Full, At = s_time, By = "bench" },
            Copy = new ManifestCopy { Method = CopyMethod.Stream, StartedAt = s_time, EndedAt = s_time, Strategy = ResignStrategy.Dedicated, Pool = "p", Host = "h" },
        };
    }
}
