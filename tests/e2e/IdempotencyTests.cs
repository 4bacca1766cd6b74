namespace SnapshotWorkflows.Tests.E2e;

[Collection(nameof(SecondWorld))]
public sealed class IdempotencyTests(World world)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_key_and_body_make_one_snapshot_and_the_same_key_with_another_body_is_a_conflict()
    {
        var volume = await world.NewVolumeAsync();
        var before = await world.Control.InventoryAsync(Cancellation);
        var key = World.NewKey();
        var body = new { volumeId = volume.CloudStackVolumeId, name = "once" };

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => world.Api.PostSnapshotAsync(body, key, Cancellation)));
        var other = await world.Api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId, name = "twice" }, key, Cancellation);
        var status = await World.EndAsync(world.Api, answers[0]["id"]!);
        var afterTheEnd = await world.Api.PostSnapshotAsync(body, key, Cancellation);

        Assert.All([.. answers, afterTheEnd], answer => Assert.Equal(202, answer.Status));
        Assert.Single(answers.Append(afterTheEnd).Select(answer => answer["id"]).Distinct());
        Assert.Equal(409, other.Status);
        Assert.False(string.IsNullOrWhiteSpace(other["code"]));
        Assert.False(string.IsNullOrWhiteSpace(other["remedy"]));
        Assert.Equal("BackedUp", status.State);
        var after = await world.Control.InventoryAsync(Cancellation);
        Assert.Equal(World.Count(before, "solidfire.CreateSnapshot") + 1, World.Count(after, "solidfire.CreateSnapshot"));
        Assert.Equal(World.Count(before, "solidfire.CloneVolume") + 1, World.Count(after, "solidfire.CloneVolume"));
    }
}
