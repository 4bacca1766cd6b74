using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>The catalog is lost, and comes back from what lies on the store.</summary>
public sealed class CatalogRebuilding
{
    [Fact]
    public async Task A_lost_catalog_comes_back_from_the_manifests()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        SnapshotRow before;
        await using (var life = new Life(world, CrashSwitch.Never))
        {
            var ended = await life.RunAsync(TestContext.Current.CancellationToken);
            before = life.Get<SnapshotIndex>().Find(new RequestKey(ended.InstanceId))!;
        }

        foreach (var file in Directory.GetFiles(world.Folder, "catalog.db*")) File.Delete(file);
        await File.WriteAllTextAsync(Path.Combine(world.StorePath, before.Status.Manifest!.Replace(".manifest.json", ".hold.json", StringComparison.Ordinal)), "{}", TestContext.Current.CancellationToken);
        await using var after = new Life(world, CrashSwitch.Never);
        var report = await Rebuild(after).RunAsync(progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((1, 1, 0, 0), (report.Snapshots, report.Holds, report.Missing, report.Unreadable.Count));
        var row = after.Get<SnapshotIndex>().Find(before.Key)!;
        Assert.True(row.Held);
        Assert.Equal(before.Status with { FrozenMs = row.Status.FrozenMs, Verified = row.Status.Verified }, row.Status);
        Assert.Equal((before.VolumeId, before.VolumeName, before.VmId, before.Account, before.Name), (row.VolumeId, row.VolumeName, row.VmId, row.Account, row.Name));
    }

    [Fact]
    public async Task A_row_without_its_manifest_and_a_manifest_that_cannot_be_read_are_told()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey((await life.RunAsync(TestContext.Current.CancellationToken)).InstanceId);
        var manifest = Path.Combine(world.StorePath, life.Get<SnapshotIndex>().Find(key)!.Status.Manifest!);
        var bytes = await File.ReadAllBytesAsync(manifest, TestContext.Current.CancellationToken);
        File.Delete(manifest);
        await File.WriteAllBytesAsync(manifest, bytes[..^40], TestContext.Current.CancellationToken);
        var report = await Rebuild(life).RunAsync(progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (report.Snapshots, report.Missing));
        Assert.EndsWith(Path.GetFileName(manifest), Assert.Single(report.Unreadable).Name, StringComparison.Ordinal);
        Assert.Equal(SnapshotState.BackedUp, life.Get<SnapshotIndex>().Find(key)!.Status.State);

        File.Delete(manifest);
        report = await Rebuild(life).RunAsync(progress: null, TestContext.Current.CancellationToken);
        Assert.Equal(1, report.Missing);
        Assert.Equal((SnapshotState.Error, CatalogRebuild.ManifestMissing), (life.Get<SnapshotIndex>().Find(key)!.Status.State, life.Get<SnapshotIndex>().Find(key)!.Status.Failure!.Code));
    }

    private static CatalogRebuild Rebuild(Life life) => new(life.Get<SecondaryDestinations>(), life.Get<SnapshotIndex>());
}
