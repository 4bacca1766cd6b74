using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>
/// A process that dies while the store writes an object leaves a hidden file: half of it, or, between its naming and the end of the writing, a second name of it. The explorer dies before and after the store's
/// calls; what lies between is put there by hand.
/// </summary>
public sealed class HalfWritten
{
    [Theory]
    [InlineData("before store put")]
    [InlineData("after store put")]
    public async Task What_a_death_within_the_manifests_writing_left_goes_with_the_next_attempt(string point)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var counter = CrashSwitch.Never;
        using (var undisturbed = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null }))
        {
            await using var life = new Life(undisturbed, counter);
            await life.RunAsync(cancellation);
        }

        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var crash = new CrashSwitch(counter.Names.IndexOf(point));
        var id = "";
        try
        {
            await using var first = new Life(world, crash);
            id = await first.PostAsync(cancellation);
            await first.Get<DurableEngine>().PumpAsync(id, cancellation);
        }
        catch (Exception death) when (Life.IsCrash(death))
        {
            // As planned.
        }

        Assert.Equal(point, crash.DiedAt);
        var manifest = Path.Combine(world.StorePath, SnapshotLocations.Manifest(new SnapshotAddress(world.Cloud.ZoneId, world.Volume.CloudStackId, new RequestKey(id).Uuid)));
        Assert.Equal(point == "after store put", File.Exists(manifest));
        var left = Path.Combine(Path.GetDirectoryName(manifest)!, $".{Path.GetFileName(manifest)}.{new string('0', 32)}.partial");
        await File.WriteAllTextAsync(left, "{", cancellation);

        // Of another snapshot, whose writer may live.
        var others = Path.Combine(Path.GetDirectoryName(manifest)!, $".{Guid.NewGuid()}.manifest.json.{new string('0', 32)}.partial");
        await File.WriteAllTextAsync(others, "{", cancellation);
        await using var second = new Life(world, CrashSwitch.Never);
        var ended = await second.RunAsync(cancellation);
        Assert.False(File.Exists(left));
        Assert.True(File.Exists(others));
        File.Delete(others);
        Assert.Empty(await WorldChecker.FaultsAsync(world, second, ended, mustSucceed: true, cancellation));
    }
}
