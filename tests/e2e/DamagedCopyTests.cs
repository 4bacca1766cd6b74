using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

[Collection(nameof(FirstWorld))]
public sealed class DamagedCopyTests(World world)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_copy_with_zeros_in_place_of_one_extent_is_never_called_backed_up_and_leaves_nothing()
    {
        var volume = await world.NewVolumeAsync();
        var image = await TestRun.ImageAsync(Cancellation);
        var before = await world.Control.InventoryAsync(Cancellation);
        var files = world.StoreFiles();
        // 64 KiB in the middle of a file of random content: no zeros there.
        var offset = image.Files.First(file => file.Path.StartsWith("MEDIA", StringComparison.Ordinal)).Offset + (1 << 19);
        var fault = await world.Control.PlanAsync(
            new PlannedFault("xenserver", "VDI.copy", "zeroExtent") { Pool = "backup", Offset = offset / 65_536 * 65_536, Length = 65_536 }, Cancellation);
        try
        {
            var answer = await world.PostAsync(volume);
            Assert.Equal(202, answer.Status);
            var status = await World.EndAsync(world.Api, answer["id"]!);

            Assert.True((await world.Control.FaultsAsync(Cancellation)).Single(planned => planned.Id == fault).Fired, "the planned fault never hit");
            World.AssertFailed("verify.mismatch", status);
            Assert.Null(status.Verified);
            Assert.Null(status.Manifest);
        }
        finally
        {
            await world.Control.ForgetFaultsAsync(Cancellation);
        }

        Assert.Empty(Leftovers.Find(before, await world.Control.InventoryAsync(Cancellation), await world.Lab.Secondary.NamesAsync(Cancellation), files));
    }
}
