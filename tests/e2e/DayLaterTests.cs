using System.Globalization;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>Upkeep a day later, each kind of it killed on its way: array, hosts and store are asked what became of it.</summary>
[Collection(nameof(SecondWorld))]
public sealed class DayLaterTests(World world)
{
    private static readonly (string System, string Method)[] s_removals =
        [("xenserver", "PBD.unplug"), ("xenserver", "SR.forget"), ("solidfire", "RemoveVolumesFromVolumeAccessGroup"), ("solidfire", "DeleteVolume"), ("solidfire", "DeleteSnapshot")];

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
        await KilledInUpkeepAsync(app, copy);
        var (whole, removed) = (await app.Api.GetAsync($"/api/snapshots/{kept}", Cancellation), (await app.Api.GetAsync("/api/leaks", Cancellation)).Body.GetProperty("last"));
        Assert.True(DateTimeOffset.Parse(whole["lastProven"]!, CultureInfo.InvariantCulture) > DateTimeOffset.UtcNow.AddHours(24));
        Assert.Null(whole["damagedAt"]);
        Assert.Empty(removed.GetProperty("unseen").EnumerateArray());
        Assert.True(removed.GetProperty("removed").GetInt32() >= 3, removed.ToString());
        Assert.DoesNotContain(removed.GetProperty("items").EnumerateArray(), item => item.GetProperty("verdict").GetString() == "leak" && item.GetProperty("outcome").GetString() != "removed");

        // The kept snapshot and its copy are all that is left; its clone is purged, and what other installations deleted is not touched.
        var after = await world.Control.InventoryAsync(Cancellation);
        var withKept = before with { Solidfire = before.Solidfire with { Snapshots = [.. before.Solidfire.Snapshots, .. after.Solidfire.Snapshots.Where(snapshot => snapshot.VolumeId == volume.SolidFireVolumeId)] } };
        Assert.Empty(Leftovers.Find(withKept, after, await world.Lab.Secondary.NamesAsync(Cancellation), files.Append(copy.Manifest!).Append(copy.Location!).ToHashSet()));
        var ours = after.Solidfire.Volumes.Where(one => before.Solidfire.Volumes.All(known => known.Id != one.Id)).ToList();
        Assert.DoesNotContain(ours, one => one.Name == $"swf-{Guid.Parse(kept):N}-clone");
        Assert.Equal(2 - ours.Count, World.Count(after, "solidfire.PurgeDeletedVolume") - World.Count(before, "solidfire.PurgeDeletedVolume"));
        Assert.Empty(before.Solidfire.Volumes.Select(one => one.Id).Except(after.Solidfire.Volumes.Select(one => one.Id)));

        await DeleteAsync(app, kept);
        Assert.Empty(Leftovers.Find(before, await world.Control.InventoryAsync(Cancellation), await world.Lab.Secondary.NamesAsync(Cancellation), files));
        Assert.Contains((await world.Control.InventoryAsync(Cancellation)).Solidfire.Volumes, one => one.Id == lookAlike.SolidFireVolumeId && one.Status == "active");
        await Wait.UntilAsync("The deletion is not told", () => ToldAsync(app, "snapshot.delete done"), app.Process, Cancellation);
    }

    /// <summary>Dies while it reads a copy again, while it takes away a leak, and while it purges: whichever comes first.</summary>
    private async Task KilledInUpkeepAsync(LabApp app, SnapshotStatus copy)
    {
        CallKiller[] killers =
        [
            new CallKiller(app, world.Control, Screen.Silent, TestRun.Seed + 1, s_removals), new CallKiller(app, world.Control, Screen.Silent, TestRun.Seed + 2, [("solidfire", "PurgeDeletedVolume")]),
        ];
        foreach (var killer in killers) await killer.ArmAsync(Cancellation);
        await app.StartAsync(Cancellation);
        var reading = false;
        await Wait.UntilAsync(
            "Not all of the upkeep was killed on its way",
            async () =>
            {
                if (!reading && OpenFiles.Has(app.Process!.Id, copy.Location!))
                {
                    reading = true;
                    await app.Process.KillAsync();
                    await app.StartAsync(Cancellation);
                }

                foreach (var killer in killers) await killer.StepAsync(Cancellation);
                return reading && killers.All(killer => killer.Done);
            },
            process: null,
            Cancellation);
        await Wait.UntilAsync("The upkeep has not ended", () => ToldAsync(app, "snapshot.verify done", "leaks.sweep done", "clones.purge done"), app.Process, Cancellation);
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

    private async Task DeleteAsync(LabApp app, string kept)
    {
        var before = await world.Control.InventoryAsync(Cancellation);
        var killer = new CallKiller(app, world.Control, Screen.Silent, TestRun.Seed + 3, [("solidfire", "DeleteSnapshot")]);
        await killer.ArmAsync(Cancellation);
        Assert.Equal(202, (await app.Api.DeleteAsync($"/api/snapshots/{kept}", Cancellation)).Status);
        await killer.UntilDoneAsync(Cancellation);
        await Wait.UntilAsync("The snapshot is not deleted", async () => (await app.Api.FindSnapshotAsync(kept, Cancellation))?.State == "Destroyed", app.Process, Cancellation);
        Assert.Equal(1, World.Count(await world.Control.InventoryAsync(Cancellation), "solidfire.DeleteSnapshot") - World.Count(before, "solidfire.DeleteSnapshot"));
        var usage = (await app.Api.GetAsync($"/api/usage?to={Uri.EscapeDataString(DateTimeOffset.UtcNow.AddDays(2).ToString("O"))}", Cancellation)).Body.GetProperty("items").EnumerateArray().Single(one => one.GetProperty("snapshotId").GetString() == kept);
        Assert.NotEqual(System.Text.Json.JsonValueKind.Null, usage.GetProperty("deletedAt").ValueKind);
    }
}
