using SnapshotWorkflows.Lab;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>Restores against real processes; the scenario itself fails on any wrong byte and on anything left behind.</summary>
public sealed class RestoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("chunks", false, true)]
    [InlineData("vhd", true, false)]
    public async Task A_copy_becomes_a_new_volume_and_fills_a_detached_one_killed_or_not(string format, bool blob, bool kill)
    {
        var outcome = await TestRun.RunAsync(new RunOptions { Restore = true, Format = format, Blob = blob, Kill = kill, Seed = 5 }, Cancellation);

        Assert.Equal("full", outcome.Status.Verified?.Level);
    }
}

/// <summary>What cannot be restored is refused, and what is asked for twice is done once.</summary>
[Collection(nameof(SecondWorld))]
public sealed class RestoreRefusalTests(World world)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_cannot_end_well_is_refused_and_nothing_is_made()
    {
        var volume = await world.NewVolumeAsync();
        var snapshot = (await world.PostAsync(volume))["id"]!;
        Assert.Equal("BackedUp", (await World.EndAsync(world.Api, snapshot)).State);
        var before = await world.Control.InventoryAsync(Cancellation);
        var path = $"/api/snapshots/{snapshot}/restore";

        await ProblemAsync(404, "snapshot.not-found", $"/api/snapshots/{Guid.NewGuid()}/restore", new { });
        await ProblemAsync(400, "restore.overwrite", path, new { targetVolumeId = volume.CloudStackVolumeId });
        await ProblemAsync(400, "request.unknown-member", path, new { volumeId = volume.CloudStackVolumeId });
        Assert.Equal(400, (await world.Api.PostAsync(path, new { }, null, Cancellation)).Status);
        await FailsAsync("restore.target-attached", path, new { targetVolumeId = volume.CloudStackVolumeId, overwrite = true });
        await FailsAsync("volume.not-found", path, new { targetVolumeId = Guid.NewGuid(), overwrite = true });
        await FailsAsync("restore.account-unknown", path, new { accountId = 99_999 });
        await FailsAsync("host.none-ready", path, new { host = "nobody" });

        Assert.Empty(Leftovers.Find(before, await world.Control.InventoryAsync(Cancellation), [], new HashSet<string>()));
    }

    [Fact]
    public async Task Two_restores_into_one_volume_come_one_after_the_other_and_a_repeated_request_is_the_same_restore()
    {
        var volume = await world.NewVolumeAsync();
        var snapshot = (await world.PostAsync(volume))["id"]!;
        Assert.Equal("BackedUp", (await World.EndAsync(world.Api, snapshot)).State);
        var target = await world.Control.MakeDetachedVolumeAsync($"t-{Guid.NewGuid().ToString("N")[..8]}", TestRun.ImagePath, Cancellation);
        var before = await world.Control.InventoryAsync(Cancellation);
        var (path, body, key) = ($"/api/snapshots/{snapshot}/restore", new { targetVolumeId = target.CloudStackVolumeId, overwrite = true }, World.NewKey());

        var answers = await Task.WhenAll(
            world.Api.PostAsync(path, body, key, Cancellation), world.Api.PostAsync(path, body, key, Cancellation), world.Api.PostAsync(path, body, World.NewKey(), Cancellation));
        Assert.All(answers, answer => Assert.Equal(202, answer.Status));
        Assert.Equal(answers[0]["id"], answers[1]["id"]);
        Assert.NotEqual(answers[0]["id"], answers[2]["id"]);
        Assert.Equal(409, (await world.Api.PostAsync(path, new { name = "other" }, key, Cancellation)).Status);

        Assert.Equal("Restored", (await EndAsync(answers[0]["id"]!)).State);
        Assert.Equal("Restored", (await EndAsync(answers[2]["id"]!)).State);
        Assert.Equal(409, (await world.Api.PostAsync($"/api/restores/{answers[0]["id"]}/cancel", new { }, null, Cancellation)).Status);
        Assert.Empty(Leftovers.Find(before, await world.Control.InventoryAsync(Cancellation), [], new HashSet<string>()));
    }

    private async Task ProblemAsync(int status, string code, string path, object body)
    {
        var answer = await world.Api.PostAsync(path, body, World.NewKey(), Cancellation);
        Assert.Equal((status, code), (answer.Status, answer["code"]));
        Assert.False(string.IsNullOrWhiteSpace(answer["remedy"]), "the problem names no remedy");
    }

    private async Task FailsAsync(string code, string path, object body)
    {
        var answer = await world.Api.PostAsync(path, body, World.NewKey(), Cancellation);
        Assert.Equal(202, answer.Status);
        var ended = await EndAsync(answer["id"]!);
        Assert.Equal(("Error", code), (ended.State, ended.Failure?.Code));
        Assert.False(ended.TargetTouched);
    }

    private async Task<RestoreStatus> EndAsync(string id)
    {
        RestoreStatus? status = null;
        await Wait.UntilAsync($"Restore {id} has not ended", async () => (status = await world.Api.FindRestoreAsync(id, Cancellation)) is { Ended: true }, process: null, Cancellation);
        return status!;
    }
}
