using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>The manifest is put and nobody hears of it; then the store refuses, as one does that is not mounted or was made read-only meanwhile.</summary>
public sealed class LostCommits
{
    [Theory]
    [InlineData(null)]
    [InlineData("stream")]
    public async Task A_copy_whose_manifest_may_stand_is_not_destroyed(string? copy)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, Copy = copy });
        var store = new RefusingAfterTheFirst();
        await using var life = new Life(world, store);
        var ended = await life.RunAsync(cancellation);
        Assert.Equal(5, store.Refusals);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: true, cancellation));
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
    }

    /// <summary>No death: the same points are where the store fails.</summary>
    private sealed class RefusingAfterTheFirst() : CrashSwitch(-1)
    {
        private bool _put;

        public int Refusals { get; private set; }

        public override void Point(string where)
        {
            base.Point(where);
            if (where == "before store put" && _put && Refusals < 5)
            {
                Refusals++;
                throw new SecondaryStoreException(StoreCodes.NotMounted, "Nothing is mounted.", "Mount it.");
            }

            if (where != "after store put" || _put) return;
            _put = true;
            throw new SecondaryStoreException(StoreCodes.Unavailable, "The answer was lost.", "None.");
        }
    }
}
