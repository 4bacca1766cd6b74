using System.Security.Cryptography;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>
/// One service on two arrays whose volumes bear the same id: a volume of each is backed up at once and proven; then the second array goes away, the first's volume is backed up all the same, and the
/// service says that it is ready and what is not.
/// </summary>
internal sealed class ArraysScenario(LabWorld world, Screen screen)
{
    private readonly SnapshotApi _api = world.App.Api;

    public async Task<string> RunAsync(string imagePath, CancellationToken cancellation)
    {
        var first = await world.Control.MakeVolumeAsync("data-1", imagePath, cancellation);
        var second = await world.Control.MakeVolumeAsync("data-2", imagePath, cancellation, onSecond: true);
        if (first.SolidFireVolumeId != second.SolidFireVolumeId) throw new LabException($"The volumes are {first.SolidFireVolumeId} and {second.SolidFireVolumeId}: nothing could be mixed up.");
        screen.Line($"SolidFire volume {first.SolidFireVolumeId} of the first array, and volume {second.SolidFireVolumeId} of the second");
        var before = await world.Control.InventoryAsync(cancellation);
        var expected = await HashAsync(imagePath, cancellation);

        SnapshotStatus[] taken = await Task.WhenAll(TakeAsync(first, cancellation), TakeAsync(second, cancellation));
        foreach (var status in taken) await ProveAsync(status, expected, cancellation);
        var after = await world.Control.InventoryAsync(cancellation);
        foreach (var (was, now) in new[] { (before.Solidfire, after.Solidfire), (before.SecondSolidfire!, after.SecondSolidfire!) })
        {
            // Its own clone, deleted and not yet purged.
            if (now.Volumes.Count(volume => volume.Status == "deleted") - was.Volumes.Count(volume => volume.Status == "deleted") != 1) throw new LabException("A clone was made on the wrong array.", [.. world.Logs]);
        }

        await world.Control.RestartSecondArrayAsync(3600, cancellation);
        screen.Line("the second array is away");
        var alone = await TakeAsync(first, cancellation);
        var ready = await _api.GetAsync("/readyz", cancellation);
        var away = ready.Body.GetProperty("systems").EnumerateArray().Where(system => !system.GetProperty("ready").GetBoolean()).Select(system => system.GetProperty("system").GetString()).ToList();
        if (ready.Status != 200 || ready["degraded"] != "True" || away is not ["solidfire second"]) throw new LabException($"/readyz answered {ready.Status}: {ready.Body}");
        screen.Line($"/readyz -> 200, degraded, away: {string.Join(", ", away)}");

        var kept = taken.Append(alone).SelectMany(status => (string[])[status.Manifest!, status.Location!]).ToHashSet(StringComparer.Ordinal);
        var left = Leftovers.Find(before, await world.Control.InventoryAsync(cancellation), await world.Secondary.NamesAsync(cancellation), kept).ToArray();
        if (left.Length > 0) throw new LabException("Something is left:", [.. left, .. world.Logs]);
        screen.Line("nothing is left on arrays, hosts and store but three copies");
        return "arrays: a volume of each is backed up and verified, and one again while the other array is away";
    }

    private async Task<SnapshotStatus> TakeAsync(WorldVolume volume, CancellationToken cancellation)
    {
        var answer = await _api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId }, $"lab-{Guid.NewGuid():N}", cancellation);
        if (answer.Status != 202 || answer["id"] is not { } id) throw new LabException($"POST /api/snapshots answered {answer.Status}: {answer.Body}");
        SnapshotStatus? status = null;
        await Wait.UntilAsync($"Snapshot {id} has not ended", async () => (status = await _api.FindSnapshotAsync(id, cancellation)) is { Ended: true }, world.App.Process, cancellation);
        screen.Line($"snapshot {id} of {volume.CloudStackVolumeId} is {status!.State}");
        return status is { State: "BackedUp", Verified.Level: "full" } ? status : throw new LabException($"Snapshot {id} ended as {status.State}: {status.Failure}", [.. world.Logs]);
    }

    private async Task ProveAsync(SnapshotStatus status, string expected, CancellationToken cancellation)
    {
        var restored = world.Folder.File($"restored-{status.Id}.img");
        var hash = await Proof.RestoreAsync(await world.Secondary.FileAsync(status.Location!, cancellation) ?? throw new LabException($"There is no {status.Location}."), restored, cancellation);
        File.Delete(restored);
        screen.Plain($"            restored from copy {status.Id}: sha256 {hash}");
        if (hash != expected) throw new LabException($"The copy of snapshot {status.Id} is not the volume, which is {expected}.", [.. world.Logs]);
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellation)
    {
        await using var image = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(image, cancellation));
    }
}
