using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>Snapshots that stay on the array, and the way back to them, over HTTP.</summary>
[Collection(nameof(FirstWorld))]
public sealed class RevertTests(World world)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_snapshot_on_the_array_is_listed_gone_back_to_and_deleted()
    {
        var volume = await world.NewVolumeAsync();
        var files = world.StoreFiles();
        var before = await world.Control.InventoryAsync(Cancellation);
        var answer = await world.Api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId, locationType = "primary" }, World.NewKey(), Cancellation);
        Assert.Equal(202, answer.Status);
        var id = answer["id"]!;
        Assert.Equal("CreatedOnPrimary", (await World.EndAsync(world.Api, id)).State);
        Assert.Contains(id, (await world.Api.GetAsync($"/api/snapshots?volumeId={volume.CloudStackVolumeId}&state=CreatedOnPrimary", Cancellation)).Body.ToString(), StringComparison.Ordinal);
        Assert.Equal(files, world.StoreFiles());
        Assert.Equal(409, (await world.Api.PostAsync($"/api/snapshots/{id}/restore", new { }, World.NewKey(), Cancellation)).Status);

        // While a machine runs on it: not for the asking.
        Assert.Equal(("Error", "revert.in-use"), await RevertAsync(id));
        await world.Control.DetachVolumeAsync(volume.CloudStackVolumeId, Cancellation);
        var then = world.Lab.Folder.File($"{id}-then.lun");
        await world.Control.MaterializeVolumeAsync(volume.SolidFireVolumeId, then, Cancellation);
        var rollBacks = World.Count(await world.Control.InventoryAsync(Cancellation), "solidfire.RollbackToSnapshot");
        var killer = new CallKiller(world.Lab.App, world.Control, Screen.Silent, TestRun.Seed + 4, [("solidfire", "RollbackToSnapshot")]);
        await killer.ArmAsync(Cancellation);
        Assert.Equal(("Reverted", null), await RevertAsync(id, killer));
        var now = world.Lab.Folder.File($"{id}-now.lun");
        await world.Control.MaterializeVolumeAsync(volume.SolidFireVolumeId, now, Cancellation);
        Assert.Equal(await Proof.HashLunAsync(then, Cancellation), await Proof.HashLunAsync(now, Cancellation));

        Assert.Equal(202, (await world.Api.DeleteAsync($"/api/snapshots/{id}", Cancellation)).Status);
        await Wait.UntilAsync("The snapshot is not deleted", async () => (await world.Api.FindSnapshotAsync(id, Cancellation))?.State == "Destroyed", process: null, Cancellation);
        var left = (await world.Control.InventoryAsync(Cancellation)).Solidfire.Snapshots.Where(snapshot => before.Solidfire.Snapshots.All(known => known.Id != snapshot.Id)).ToList();
        Assert.EndsWith("-saved", Assert.Single(left).Name, StringComparison.Ordinal);
        Assert.InRange(World.Count(await world.Control.InventoryAsync(Cancellation), "solidfire.RollbackToSnapshot") - rollBacks, 1, 2);
    }

    private async Task<(string? State, string? Code)> RevertAsync(string snapshot, CallKiller? killer = null)
    {
        var answer = await world.Api.PostAsync($"/api/snapshots/{snapshot}/revert", new { }, World.NewKey(), Cancellation);
        Assert.Equal(202, answer.Status);
        if (killer is not null) await killer.UntilDoneAsync(Cancellation);
        ApiAnswer? status = null;
        // A call whose answer the kill has swallowed is waited for, two minutes, before the next is sent.
        await Wait.UntilAsync(
            killer is null ? Wait.Patience : TimeSpan.FromMinutes(5), "The revert has not ended", async () => (status = await world.Api.GetAsync($"/api/reverts/{answer["id"]}", Cancellation)).Body.GetProperty("ended").GetBoolean(), process: null, Cancellation);
        return (status!["state"], status.Body.TryGetProperty("failure", out var failure) ? failure.GetProperty("code").GetString() : null);
    }
}
