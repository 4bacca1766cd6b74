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
        await new ArraysScenario(_lab, Screen.Silent).RunAsync(TestRun.ImagePath, Cancellation);
        var away = (await _lab.App.Api.GetAsync("/api/readiness", Cancellation)).Body;
        Assert.True(away.GetProperty("ready").GetBoolean() && away.GetProperty("degraded").GetBoolean());
        Assert.Contains(away.GetProperty("systems").EnumerateArray(), system => system.GetProperty("system").GetString() == "solidfire second" && !string.IsNullOrEmpty(system.GetProperty("mend").GetString()));

        // Across, while the array of the original is away: the copy of its volume becomes a volume of the other.
        var copy = (await _lab.App.Api.GetAsync("/api/snapshots", Cancellation)).Body.GetProperty("items").EnumerateArray().Single(one => one.GetProperty("volumeName").GetString() == "data-2").GetProperty("id").GetString();
        var answer = await _lab.App.Api.PostAsync($"/api/snapshots/{copy}/restore", new { name = "across", clusterUuid = FirstCluster, accountId = 1 }, World.NewKey(), Cancellation);
        RestoreStatus? restore = null;
        await Wait.UntilAsync("The restore has not ended", async () => (restore = await _lab.App.Api.FindRestoreAsync(answer["id"]!, Cancellation)) is { Ended: true }, process: null, Cancellation);
        Assert.True(restore!.State == "Restored", $"{restore.Failure}");
        Assert.Contains((await _lab.Control.InventoryAsync(Cancellation)).Solidfire.Volumes, volume => volume is { Name: "across", Status: "active" });
    }
}
