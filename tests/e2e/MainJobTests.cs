using SnapshotWorkflows.Lab;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>The main job against real processes; the scenario itself fails on any wrong byte, leftover, second snapshot or second clone.</summary>
public sealed class MainJobTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("none", "8", "crash")]
    [InlineData("hook", "8", "quiesced")]
    [InlineData("none", "7.1", "crash")]
    public async Task A_volume_in_use_becomes_a_proven_copy_and_nothing_else_is_left(string quiesce, string xenServer, string consistency)
    {
        var outcome = await TestRun.RunAsync(new RunOptions { Quiesce = quiesce, XenServer = xenServer, Seed = 1 }, Cancellation);

        Assert.Equal(64, outcome.Sha256.Length);
        Assert.Equal("BackedUp", outcome.Status.State);
        Assert.Equal(consistency, outcome.Status.Consistency);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_streamed_copy_is_as_good_in_a_folder_and_in_blobs_killed_or_not(bool blob, bool kill)
    {
        var outcome = await TestRun.RunAsync(new RunOptions { Blob = blob, Copy = "stream", Kill = kill, Seed = 3 }, Cancellation);

        Assert.Equal("full", outcome.Status.Verified?.Level);
        Assert.EndsWith($"/{outcome.Status.Id}.vhd", outcome.Status.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Encrypted_chunks_are_proven_by_a_reader_in_another_language_after_three_kills()
    {
        var outcome = await TestRun.RunAsync(new RunOptions { Format = "chunks", Encrypt = true, Blob = true, Kill = true, Seed = 4 }, Cancellation);

        Assert.EndsWith($"/sessions/{outcome.Status.Id}.1/end", outcome.Status.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Three_kills_of_the_app_change_nothing_about_the_end()
    {
        var outcome = await TestRun.RunAsync(new RunOptions { Kill = true, Seed = TestRun.Seed }, Cancellation);

        Assert.Equal("full", outcome.Status.Verified?.Level);
    }
}
