using System.Text.Json;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>What docs/cloudstack-plugin.md promises a plug-in inside CloudStack, over HTTP.</summary>
[Collection(nameof(SecondWorld))]
public sealed class PluginTests(World world)
{
    private static readonly (string System, string Method)[] s_made =
        [("solidfire", "CloneVolume"), ("solidfire", "AddVolumesToVolumeAccessGroup"), ("xenserver", "SR.introduce"), ("xenserver", "PBD.create"), ("xenserver", "PBD.plug")];

    private static readonly (string System, string Method)[] s_ending = [("xenserver", "SR.forget"), ("solidfire", "DeleteVolume"), ("cloudstack", "createTags")];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CloudStacks_snapshot_comes_to_lie_where_CloudStack_looks_for_it_although_the_app_dies_twice()
    {
        var volume = await world.NewVolumeAsync();
        using var cloud = new CloudApi(world.Lab.Simulators.Endpoints.Cloudstack);
        var taken = await cloud.TakeSnapshotAsync(volume.CloudStackVolumeId, Cancellation);
        var folder = $"snapshots/2/{volume.SolidFireVolumeId}";
        var neighbour = Path.Combine(Directory.CreateDirectory(Path.Combine(world.Lab.Store, folder)).FullName, "another.vhd");
        await File.WriteAllTextAsync(neighbour, "CloudStack's own", Cancellation);
        var files = world.StoreFiles();
        var before = await world.Control.InventoryAsync(Cancellation);
        await RefusedAsync(new { volumeId = volume.CloudStackVolumeId, adoptSnapshotId = taken, secondaryPath = $"{folder}/more" }, "request.secondary-path");
        await RefusedAsync(new { volumeId = volume.CloudStackVolumeId, adoptSnapshotId = taken, secondaryPath = folder, copy = "offload" }, "request.value");

        var killer = new CallKiller(world.Lab.App, world.Control, Screen.Silent, TestRun.Seed + 9, s_made, s_ending);
        await killer.ArmAsync(Cancellation);
        var (body, key) = (new { volumeId = volume.CloudStackVolumeId, adoptSnapshotId = taken, secondaryPath = folder }, taken);
        var answer = await world.Api.PostSnapshotAsync(body, key, Cancellation);
        Assert.Equal(202, answer.Status);
        var id = answer["id"]!;
        await killer.UntilDoneAsync(Cancellation);
        Assert.Equal(id, (await world.Api.PostSnapshotAsync(body, key, Cancellation))["id"]);
        var copy = await World.EndAsync(world.Api, id);
        Assert.Equal(("BackedUp", "full", null), (copy.State, copy.Verified?.Level, copy.Failure?.Code));

        // What the plug-in stores in snapshot_store_ref.
        var vhd = Path.Combine(world.Lab.Store, copy.Location!);
        var told = (await world.Api.GetAsync($"/api/snapshots/{id}", Cancellation)).Body;
        Assert.Equal(
            ($"{folder}/{id}.vhd", volume.VirtualSize, new FileInfo(vhd).Length), (told.GetProperty("location").GetString(), told.GetProperty("diskBytes").GetInt64(), told.GetProperty("storedBytes").GetInt64()));
        using (var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(world.Lab.Store, copy.Manifest!), Cancellation)))
        {
            Assert.Equal((taken, copy.Location), (manifest.RootElement.GetProperty("adoptedSnapshotId").GetString(), manifest.RootElement.GetProperty("location").GetString()));
        }

        Assert.Equal(id, (await cloud.TagsAsync(taken, Cancellation))["swf-copy"]);
        await ProveAsync(volume, taken, vhd);

        // One clone of CloudStack's snapshot, none of our own; nothing else is left.
        var after = await world.Control.InventoryAsync(Cancellation);
        Assert.Equal((0, 1), (Made("CreateSnapshot"), Made("CloneVolume")));
        Assert.Empty(Leftovers.Find(before, after, await world.Lab.Secondary.NamesAsync(Cancellation), files.Union([copy.Location!, copy.Manifest!]).ToHashSet()));

        // The plug-in deletes it: what is CloudStack's stays.
        Assert.Equal(202, (await world.Api.DeleteAsync($"/api/snapshots/{id}", Cancellation)).Status);
        await Wait.UntilAsync("The copy is not deleted", async () => (await world.Api.FindSnapshotAsync(id, Cancellation))?.State == "Destroyed", world.Lab.App.Process, Cancellation);
        Assert.Empty(Leftovers.Find(before, await world.Control.InventoryAsync(Cancellation), await world.Lab.Secondary.NamesAsync(Cancellation), files));
        Assert.Equal("CloudStack's own", await File.ReadAllTextAsync(neighbour, Cancellation));
        Assert.Contains((await world.Control.InventoryAsync(Cancellation)).Solidfire.Snapshots, snapshot => snapshot.VolumeId == volume.SolidFireVolumeId && snapshot.Name.EndsWith(taken, StringComparison.Ordinal));

        int Made(string call) => World.Count(after, $"solidfire.{call}") - World.Count(before, $"solidfire.{call}");
    }

    private async Task RefusedAsync(object body, string code)
    {
        var answer = await world.Api.PostSnapshotAsync(body, World.NewKey(), Cancellation);
        Assert.Equal((400, code), (answer.Status, answer["code"]));
    }

    private async Task ProveAsync(WorldVolume volume, string taken, string vhd)
    {
        var native = (await world.Control.InventoryAsync(Cancellation)).Solidfire.Snapshots.Single(snapshot => snapshot.VolumeId == volume.SolidFireVolumeId && snapshot.Name.EndsWith(taken, StringComparison.Ordinal));
        var (lun, restored) = (world.Lab.Folder.File($"{taken}.lun"), world.Lab.Folder.File($"{taken}.img"));
        await world.Control.MaterializeSnapshotAsync(native.Id, lun, Cancellation);
        Assert.Equal(await Proof.HashLunAsync(lun, Cancellation), await Proof.RestoreAsync(vhd, restored, Cancellation));
        File.Delete(restored);
    }
}
