using SnapshotWorkflows.Lab;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>One service on two arrays, each behind its own address, certificate and storage network. Their first volumes have the same id.</summary>
public sealed class SeveralArraysTests : IAsyncLifetime
{
    private const string FirstCluster = "5a6f9c3e-4f0b-4d6c-9d32-0e5d1f7b2c11";

    private RunFolder _folder = null!;
    private LabWorld _lab = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await TestRun.ImageAsync(Cancellation);
        _folder = TestRun.NewFolder("arrays");
        _lab = await LabWorld.StartAsync(_folder, new RunOptions { Arrays = 2 }, 256L << 20, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_lab is not null) await _lab.DisposeAsync();
        await _folder.DisposeAsync();
        if (_lab is not null) TestRun.Remove(_folder);
    }

    [Fact]
    public async Task Volumes_of_both_are_backed_up_and_restored_across_and_one_that_is_away_holds_up_no_job_of_the_other()
    {
        var first = await _lab.Control.MakeVolumeAsync("data-1", TestRun.ImagePath, Cancellation);
        var second = await _lab.Control.MakeVolumeAsync("data-2", TestRun.ImagePath, Cancellation, onSecond: true);
        Assert.Equal(first.SolidFireVolumeId, second.SolidFireVolumeId);
        var before = await _lab.Control.InventoryAsync(Cancellation);

        var taken = await Task.WhenAll(SnapshotAsync(first), SnapshotAsync(second));
        Assert.All(taken, one => Assert.True(one is { State: "BackedUp", Verified.Level: "full" }, $"{one.State} {one.Failure}"));
        var after = await _lab.Control.InventoryAsync(Cancellation);
        Assert.Empty(Leftovers.Find(before, after, [], new HashSet<string>()));
        // A clone of each, deleted and not yet purged.
        Assert.All([after.Solidfire, after.SecondSolidfire!], array => Assert.Equal("deleted", Assert.Single(array.Volumes, volume => volume.Id != first.SolidFireVolumeId).Status));

        var answer = await _lab.App.Api.PostAsync($"/api/snapshots/{taken[1].Id}/restore", new { name = "across", clusterUuid = FirstCluster, accountId = 1 }, World.NewKey(), Cancellation);
        RestoreStatus? restore = null;
        await Wait.UntilAsync("The restore has not ended", async () => (restore = await _lab.App.Api.FindRestoreAsync(answer["id"]!, Cancellation)) is { Ended: true }, process: null, Cancellation);
        Assert.True(restore!.State == "Restored", $"{restore.Failure}");
        Assert.Contains((await _lab.Control.InventoryAsync(Cancellation)).Solidfire.Volumes, volume => volume is { Name: "across", Status: "active" });

        await _lab.Control.RestartSecondArrayAsync(3600, Cancellation);
        Assert.Equal("BackedUp", (await SnapshotAsync(first)).State);
        Assert.False((await _lab.App.Api.GetAsync("/readyz", Cancellation)).Body.GetProperty("ready").GetBoolean());
    }

    private async Task<SnapshotStatus> SnapshotAsync(WorldVolume volume) => await World.EndAsync(_lab.App.Api, (await World.PostAsync(_lab.App.Api, volume))["id"]!);
}
