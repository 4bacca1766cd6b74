using System.Text.Json;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Bench.Campaign;

/// <summary>What is left of a campaign: asked of the store and the simulators; the app's own list must agree.</summary>
internal sealed class CampaignJudge(CampaignOptions options, string store, SimulatorControl control)
{
    private const int Proven = 10;

    /// <summary>Everything that is not as it should be, one line each.</summary>
    public async Task<IReadOnlyList<string>> FindAsync(
        IReadOnlyList<WorldVolume> volumes, IReadOnlySet<string> written, IReadOnlyList<JsonElement> listed, Inventory before, string scratch, CancellationToken cancellation)
    {
        var found = new List<string>();
        var manifests = Manifests();
        var kept = new HashSet<string>(StringComparer.Ordinal);
        foreach (var volume in volumes)
        {
            var row = listed.Where(row => row.GetProperty("volumeId").GetString() == volume.CloudStackVolumeId).ToList();
            if (row is not [var one])
            {
                found.Add($"volume {volume.CloudStackVolumeId}: the app lists {row.Count} snapshots");
                continue;
            }

            var state = one.GetProperty("state").GetString();
            if (state != "BackedUp" || Level(one) != "full")
                found.Add($"volume {volume.CloudStackVolumeId}: {state}, verified {Level(one)}: {(one.TryGetProperty("failure", out var failure) ? failure.ToString() : "")}");
            if (manifests.TryGetValue(volume.CloudStackVolumeId, out var own) && own is [var manifest])
            {
                kept.Add(manifest.Name);
                kept.Add(manifest.Location);
                if (manifest.Level != "full") found.Add($"{manifest.Name} says verified: {manifest.Level}");
                if (options.Format == "vhd" && !File.Exists(Path.Combine(store, manifest.Location))) found.Add($"{manifest.Name} names {manifest.Location}, which is not there");
            }
            else
            {
                found.Add($"volume {volume.CloudStackVolumeId}: the store holds {own?.Count ?? 0} manifests");
            }
        }

        found.AddRange(await LeftAsync(before, kept, cancellation));
        if (options.Format == "vhd") found.AddRange(await ProveAsync(volumes, written, manifests, scratch, cancellation));
        return found;
    }

    private async Task<IReadOnlyList<string>> LeftAsync(Inventory before, IReadOnlySet<string> kept, CancellationToken cancellation)
    {
        var after = await control.InventoryAsync(cancellation);
        // Chunks are named by the repository itself; what of them is needed is its own checker's business.
        var stored = options.Format == "vhd" ? await new LabFolderStore(store).NamesAsync(cancellation) : [];
        return [.. Leftovers.Find(before, after, stored, kept)];
    }

    /// <summary>A few copies of disks that nobody wrote to, restored by a program of its own, against what was put on the array.</summary>
    private async Task<IReadOnlyList<string>> ProveAsync(
        IReadOnlyList<WorldVolume> volumes, IReadOnlySet<string> written, IReadOnlyDictionary<string, List<CampaignManifest>> manifests, string scratch, CancellationToken cancellation)
    {
        var found = new List<string>();
        var still = volumes.Index().Where(volume => !written.Contains(volume.Item.CloudStackVolumeId)).ToList();
        foreach (var (number, volume) in still.Where((_, i) => i % Math.Max(1, still.Count / Proven) == 0))
        {
            if (!manifests.TryGetValue(volume.CloudStackVolumeId, out var own) || own is not [var manifest]) continue;
            var restored = Path.Combine(scratch, "restored.img");
            var hash = await Proof.RestoreAsync(Path.Combine(store, manifest.Location), restored, cancellation);
            File.Delete(restored);
            if (hash != CampaignDisk.Hash(number, options.DiskBytes, options.DataBytes)) found.Add($"{manifest.Location} restored is not what the volume held");
        }

        return found;
    }

    private Dictionary<string, List<CampaignManifest>> Manifests() => Directory.EnumerateFiles(store, "*.manifest.json", SearchOption.AllDirectories)
        .Select(path => CampaignManifest.Read(store, path))
        .GroupBy(manifest => manifest.VolumeId, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);

    private static string? Level(JsonElement row) => row.TryGetProperty("verified", out var verified) && verified.ValueKind == JsonValueKind.Object ? verified.GetProperty("level").GetString() : null;
}

/// <summary>What the judge needs of a manifest, read as a stranger reads it.</summary>
internal sealed record CampaignManifest(string Name, string Location, string VolumeId, string? Level)
{
    public static CampaignManifest Read(string store, string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        var root = json.RootElement;
        return new CampaignManifest(
            Path.GetRelativePath(store, path), root.GetProperty("location").GetString()!, root.GetProperty("volume").GetProperty("cloudStackId").GetString()!,
            root.GetProperty("verified").GetProperty("level").GetString());
    }
}
