using SnapshotWorkflows.Secondary.Blobs;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

public sealed class BlobSweepTests
{
    [Fact]
    public void A_blob_whose_age_the_service_does_not_tell_may_be_at_work_and_is_left_to_a_sweep_of_everything()
    {
        var yesterday = new DateTimeOffset(2026, 11, 26, 0, 0, 0, TimeSpan.Zero);
        Assert.False(BlobStore.IsOld(null, yesterday));
        Assert.True(BlobStore.IsOld(null, DateTimeOffset.MaxValue));
        Assert.True(BlobStore.IsOld(yesterday.AddTicks(-1), yesterday));
        Assert.False(BlobStore.IsOld(yesterday, yesterday));
    }
}
