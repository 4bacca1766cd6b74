using System.Buffers;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Manifests;

/// <summary>What a manifest must fulfil beyond its JSON shape.</summary>
internal static class ManifestRules
{
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");

    public static void Check(SnapshotManifest manifest)
    {
        Demand(manifest.FormatVersion == SnapshotManifest.CurrentFormatVersion, $"formatVersion must be {SnapshotManifest.CurrentFormatVersion}");
        Demand(SnapshotAddress.IsUuid(manifest.SnapshotId), "snapshotId must be a lower-case uuid");
        Demand(SnapshotAddress.IsUuid(manifest.Volume.CloudStackId), "volume.cloudStackId must be a lower-case uuid");
        Demand(StoreName.IsValidSegment(manifest.Zone), "zone must be a valid name segment");
        Demand(manifest.Installation.Length > 0, "installation is empty");
        Demand(manifest.RequestKey.Length > 0, "requestKey is empty");
        Demand(manifest.Format is SnapshotManifest.VhdFormat or SnapshotManifest.ChunksFormat, $"format must be {SnapshotManifest.VhdFormat} or {SnapshotManifest.ChunksFormat}");
        Demand(StoreName.IsValid(manifest.Location), "location must be a valid relative name");
        Demand(manifest.DiskBytes > 0, "diskBytes must be positive");
        Demand(manifest.DataBytes > 0, "dataBytes must be positive");
        Demand(manifest.RootAlgorithm == DiskRoot.Algorithm, $"rootAlgorithm must be {DiskRoot.Algorithm}");
        Demand(IsHash(manifest.Root), "root must be 64 lower-case hex digits");
        Demand(manifest.Sha256 is null || IsHash(manifest.Sha256), "sha256 must be 64 lower-case hex digits");
        Demand(manifest.GroupId is null || SnapshotAddress.IsUuid(manifest.GroupId), "groupId must be a lower-case uuid");
        Demand(manifest.KeptOnPrimary is not false, "keptOnPrimary is true or absent");
        Demand(manifest.AdoptedSnapshotId is not { Length: 0 }, "adoptedSnapshotId is empty");
        Demand(manifest.Copy.EndedAt >= manifest.Copy.StartedAt, "copy.endedAt is before copy.startedAt");
    }

    private static bool IsHash(string text) => text.Length == 64 && !text.AsSpan().ContainsAnyExcept(s_hex);

    private static void Demand(bool met, string rule)
    {
        if (!met)
            throw ManifestFormat.Invalid(rule + ".", null);
    }
}
