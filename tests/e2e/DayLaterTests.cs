using System.Globalization;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>Upkeep a day later, each kind of it killed on its way: array, hosts and store are asked what became of it.</summary>
[Collection(nameof(SecondWorld))]
public sealed class DayLaterTests(World world)
{
    private static readonly (string System, string Method)[] s_removals =
        [("xenserver", "PBD.unplug"), ("xenserver", "SR.forget"), ("solidfire", "RemoveVolumesFromVolumeAccessGroup"), ("solidfire", "DeleteVolume")];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_read_again_swept_purged_and_deleted_is_so_once_although_the_app_dies_each_time()
    {
        var (volume, leaking) = (await world.NewVolumeAsync(), await world.NewVolumeAsync());
        var lookAlike = await world.Control.MakeDetachedVolumeAsync($"swf-{Guid.NewGuid():N}-clone", TestRun.ImagePath, Cancellation);
        var files = world.StoreFiles();
        var before = await world.Control.InventoryAsync(Cancellation);
        await using var app = await world.Lab.StartAnotherAppAsync(
            "later",
            new Dictionary<string, string>
            {
                // The other app's things are another installation's to it.
                ["SnapshotWorkflows:Installation"] = "later",
                ["Upkeep:ScrubEvery"] = "01:00:00",
                // A copy is read within a second or two rather than at once.
                ["Secondary:Destinations:0:Throttle:BytesPerSecond"] = $"{24 << 20}",
            },
            Cancellation);
        var kept = (await app.Api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId, keepOnPrimary = true }, World.NewKey(), Cancellation))["id"]!;
        var copy = await World.EndAsync(app.Api, kept);
        Assert.Equal("BackedUp", copy.State);
        await LeakAsync(app, leaking);

        // A day later all upkeep is due at once, and its timers begin it by themselves.
        app.Ahead = TimeSpan.FromHours(25);
        await KilledOnItsWayAsync(app, kept, copy);

        var report = (await app.Api.GetAsync("/api/leaks", Cancellation)).Body.GetProperty("last");
        Assert.Empty(report.GetProperty("unseen").EnumerateArray());
        Assert.True(report.GetProperty("removed").GetInt32() >= 3, report.ToString());
        Assert.DoesNotContain(report.GetProperty("items").EnumerateArray(), item => item.GetProperty("verdict").GetString() == "leak" && item.GetProperty("outcome").GetString() != "removed");

        // Nothing is left but what the array has not purged yet, and each was done once; what other installations deleted, and what only looks like a clone, is not touched.
        var after = await world.Control.InventoryAsync(Cancellation);
        Assert.Empty(Leftovers.Find(before, after, await world.Lab.Secondary.NamesAsync(Cancellation), files));
        Assert.Contains(after.Solidfire.Volumes, one => one.Id == lookAlike.SolidFireVolumeId && one.Status == "active");
        Assert.Empty(before.Solidfire.Volumes.Select(one => one.Id).Except(after.Solidfire.Volumes.Select(one => one.Id)));
        var unpurged = after.Solidfire.Volumes.Where(one => before.Solidfire.Volumes.All(known => known.Id != one.Id)).ToList();
        Assert.DoesNotContain(unpurged, one => one.Name == $"swf-{Guid.Parse(kept):N}-clone");
        Assert.Equal((2, 2, 2 - unpurged.Count), (Made("CloneVolume"), Made("DeleteSnapshot"), Made("PurgeDeletedVolume")));
        var usage = (await app.Api.GetAsync($"/api/usage?to={Uri.EscapeDataString(DateTimeOffset.UtcNow.AddDays(2).ToString("O"))}", Cancellation)).Body.GetProperty("items").EnumerateArray().Single(one => one.GetProperty("snapshotId").GetString() == kept);
        Assert.NotEqual(System.Text.Json.JsonValueKind.Null, usage.GetProperty("deletedAt").ValueKind);
        Assert.True(usage.GetProperty("primaryVirtualBytes").GetInt64() > 0 && usage.TryGetProperty("primaryPhysicalBytes", out _));

        int Made(string call) => World.Count(after, $"solidfire.{call}") - World.Count(before, $"solidfire.{call}");
    }

    /// <summary>Dies while it reads a copy again; and once more while it takes away a leak, purges and deletes.</summary>
    private async Task KilledOnItsWayAsync(LabApp app, string kept, SnapshotStatus copy)
    {
        ArmedCall sweeping = new(world.Control), purging = new(world.Control), deleting = new(world.Control);
        await sweeping.ArmAsync(s_removals[new Random(TestRun.Seed).Next(s_removals.Length)], afterEffect: true, Cancellation);
        await purging.ArmAsync(("solidfire", "PurgeDeletedVolume"), afterEffect: true, Cancellation);
        await app.StartAsync(Cancellation);
        await Wait.UntilAsync("The copy is not read again", () => Task.FromResult(OpenFiles.Has(app.Process!.Id, copy.Location!)), app.Process, Cancellation);
        await app.Process!.KillAsync();
        await app.StartAsync(Cancellation);
        await Wait.UntilAsync("The copy is not proven again", () => ToldAsync(app, "snapshot.verify done"), app.Process, Cancellation);
        var whole = await app.Api.GetAsync($"/api/snapshots/{kept}", Cancellation);
        Assert.True(DateTimeOffset.Parse(whole["lastProven"]!, CultureInfo.InvariantCulture) > DateTimeOffset.UtcNow.AddHours(24));
        Assert.Null(whole["damagedAt"]);

        await Wait.UntilAsync("The leak is not swept, or no clone purged", async () => await sweeping.IsThereAsync(Cancellation) && await purging.IsThereAsync(Cancellation), app.Process, Cancellation);
        await deleting.ArmAsync(("solidfire", "DeleteSnapshot"), afterEffect: true, Cancellation);
        Assert.Equal(202, (await app.Api.DeleteAsync($"/api/snapshots/{kept}", Cancellation)).Status);
        await Wait.UntilAsync("The snapshot is not deleted from the array", () => deleting.IsThereAsync(Cancellation), app.Process, Cancellation);
        await app.Process!.KillAsync();
        await app.StartAsync(Cancellation);
        await Wait.UntilAsync("It has not ended", () => ToldAsync(app, "leaks.sweep done", "clones.purge done", "snapshot.delete done"), app.Process, Cancellation);
        Assert.Equal("Destroyed", (await app.Api.FindSnapshotAsync(kept, Cancellation))!.State);
    }

    private static async Task<bool> ToldAsync(LabApp app, params string[] lines)
    {
        var audit = (await app.Api.GetAsync("/api/audit?top=1000", Cancellation)).Body.GetProperty("items").EnumerateArray();
        return lines.All(audit.Select(line => $"{line.GetProperty("what").GetString()} {line.GetProperty("outcome").GetString()}").ToHashSet().Contains);
    }

    /// <summary>A snapshot that dies in its copy, and whose instance is then ended from outside: everything that it had made stays behind.</summary>
    private async Task LeakAsync(LabApp app, WorldVolume volume)
    {
        var copying = new ArmedCall(world.Control);
        await copying.ArmAsync(("xenserver", "VDI.copy"), afterEffect: true, Cancellation);
        var id = (await app.Api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId }, World.NewKey(), Cancellation))["id"]!;
        await Wait.UntilAsync("The copy has not begun", () => copying.IsThereAsync(Cancellation), app.Process, Cancellation);
        await app.Process!.KillAsync();
        await Instances.TerminateAsync(app, id, Cancellation);
    }
}
