using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>Work on the store alone, killed the moment it does what it is for: holds, and the collection of deleted chunks.</summary>
[Collection(nameof(SecondWorld))]
public sealed class StoreWorkTests(World world)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hold_its_release_and_a_collection_of_chunks_are_done_once_although_the_app_dies_in_each()
    {
        // Of other content: chunks that two copies share are not deleted with one.
        var (volume, other) = (await world.Control.MakeGeneratedVolumeAsync($"v-{Guid.NewGuid().ToString("N")[..8]}", number: 1, TestRun.DiskBytes, dataBytes: 24 << 20, Cancellation), await world.NewVolumeAsync());
        var before = await world.Control.InventoryAsync(Cancellation);
        var store = Directory.CreateDirectory(world.Lab.Folder.File("killed-store")).FullName;
        await using var app = await world.Lab.StartAnotherAppAsync(
            "store-work", new Dictionary<string, string> { ["Secondary:Destinations:0:Path"] = store, ["Secondary:ChunkUndoRuns"] = "0" }, Cancellation);
        var taken = await Task.WhenAll(TakeAsync(app, volume), TakeAsync(app, other));
        var (goes, stays) = (taken[0], taken[1]);

        await KilledAsync(app, store, [StoreKiller.Hold], () => app.Api.PostAsync($"/api/snapshots/{goes.Id}/hold", new { reason = "a court" }, World.NewKey(), Cancellation));
        await ToldOnceAsync(app, "snapshot.hold");
        Assert.Equal("True", (await app.Api.GetAsync($"/api/snapshots/{goes.Id}", Cancellation))["hold"]);
        Assert.Single(Names(store), name => name.EndsWith($"{goes.Id}.hold.json", StringComparison.Ordinal));
        var held = await app.Api.DeleteAsync($"/api/snapshots/{goes.Id}", Cancellation);
        Assert.Equal((409, "snapshot.held"), (held.Status, held["code"]));

        await KilledAsync(app, store, [StoreKiller.Release], () => app.Api.PostAsync($"/api/snapshots/{goes.Id}/release", new { }, World.NewKey(), Cancellation));
        await ToldOnceAsync(app, "snapshot.release");
        Assert.Equal("False", (await app.Api.GetAsync($"/api/snapshots/{goes.Id}", Cancellation))["hold"]);
        Assert.DoesNotContain(Names(store), name => name.EndsWith(".hold.json", StringComparison.Ordinal));

        Assert.Equal(202, (await app.Api.DeleteAsync($"/api/snapshots/{goes.Id}", Cancellation)).Status);
        await Wait.UntilAsync("The copy is not deleted", async () => (await app.Api.FindSnapshotAsync(goes.Id, Cancellation))?.State == "Destroyed", app.Process, Cancellation);
        Assert.Contains(Names(store), name => name.StartsWith($"swf/chunks/packs/{goes.Id}.", StringComparison.Ordinal));
        await KilledAsync(app, store, StoreKiller.Collection, async () =>
        {
            using var master = await app.MasterAsync(Cancellation);
            return await master.PostAsync("/admin/functions/CollectDeletedChunks", new { }, null, Cancellation);
        });
        await ToldOnceAsync(app, "chunks.collect");

        // Of the deleted copy there is nothing, nor of any writer that died; the other is whole.
        Assert.DoesNotContain(Names(store), name => name.Contains(goes.Id, StringComparison.Ordinal) || name.EndsWith(".partial", StringComparison.Ordinal));
        await ProveAsync(other, stays, store);
        Assert.Empty(Leftovers.Find(before, await world.Control.InventoryAsync(Cancellation), [], new HashSet<string>()));
    }

    private static async Task<SnapshotStatus> TakeAsync(LabApp app, WorldVolume volume)
    {
        var id = (await app.Api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId, format = "chunks" }, World.NewKey(), Cancellation))["id"]!;
        var taken = await World.EndAsync(app.Api, id);
        Assert.Equal("BackedUp", taken.State);
        return taken;
    }

    private static async Task KilledAsync(LabApp app, string store, IReadOnlyList<StoreMoment> moments, Func<Task<ApiAnswer>> ask)
    {
        using var killer = new StoreKiller(store, app, TestRun.Seed + 10, Screen.Silent, moments);
        Assert.Equal(202, (await ask()).Status);
        await killer.KillAsync(Cancellation);
    }

    /// <summary>The audit trail has one line of it, which is written behind what it tells of.</summary>
    private static async Task ToldOnceAsync(LabApp app, string what)
    {
        List<string?> outcomes = [];
        await Wait.UntilAsync(
            $"There is no line of {what}",
            async () =>
            {
                var lines = (await app.Api.GetAsync("/api/audit?top=1000", Cancellation)).Body.GetProperty("items").EnumerateArray();
                outcomes = [.. lines.Where(line => line.GetProperty("what").GetString() == what).Select(line => line.GetProperty("outcome").GetString())];
                return outcomes.Count > 0;
            },
            app.Process, Cancellation);
        Assert.Equal("done", Assert.Single(outcomes));
    }

    private async Task ProveAsync(WorldVolume volume, SnapshotStatus copy, string store)
    {
        var session = Path.GetFileName(Path.GetDirectoryName(copy.Location)!);
        var (lun, restored) = (world.Lab.Folder.File($"{copy.Id}.lun"), world.Lab.Folder.File($"{copy.Id}.img"));
        await world.Control.MaterializeVolumeAsync(volume.SolidFireVolumeId, lun, Cancellation);
        Assert.Equal(await Proof.HashLunAsync(lun, Cancellation), await Proof.RestoreChunksAsync(Path.Combine(store, "swf", "chunks"), session[..session.LastIndexOf('.')], restored, [], Cancellation));
        File.Delete(restored);
    }

    private static IEnumerable<string> Names(string store) => Directory.EnumerateFiles(store, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(store, path));
}
