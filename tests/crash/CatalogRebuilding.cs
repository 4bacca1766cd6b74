using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Nfs;
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

    /// <summary>As where another node publishes it while the store is listed.</summary>
    [Fact]
    public async Task A_manifest_that_came_after_the_listing_is_not_missing()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey((await life.RunAsync(TestContext.Current.CancellationToken)).InstanceId);
        var before = new SecondaryDestinations(
            new SecondaryOptions { Destinations = [new SecondaryDestinationOptions { Name = "nfs1", Path = world.StorePath, Server = "nfs.test", Export = "/export", RequireMount = false, MinimumFreeBytes = 0 }] },
            options => new ListedBefore(new FolderStore(new FolderStoreOptions { Name = options.Name, Path = options.Path, RequireMount = false, MinimumFreeBytes = 0 })));
        var report = await new CatalogRebuild(before, life.Get<SnapshotIndex>(), life.Get<Marker>()).RunAsync(progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (report.Snapshots, report.Missing));
        Assert.Equal(SnapshotState.BackedUp, life.Get<SnapshotIndex>().Find(key)!.Status.State);
    }

    /// <summary>As where another node's deletion comes to its end, or a hold comes, after a manifest was read and before its row is written.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_another_node_does_meanwhile_stands(bool deleted)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var index = life.Get<SnapshotIndex>();
        var key = new RequestKey((await life.RunAsync(TestContext.Current.CancellationToken)).InstanceId);
        var manifest = Path.Combine(world.StorePath, index.Find(key)!.Status.Manifest!);
        var meanwhile = new SecondaryDestinations(
            new SecondaryOptions { Destinations = [new SecondaryDestinationOptions { Name = "nfs1", Path = world.StorePath, Server = "nfs.test", Export = "/export", RequireMount = false, MinimumFreeBytes = 0 }] },
            options => new AfterOpening(new FolderStore(new FolderStoreOptions { Name = options.Name, Path = options.Path, RequireMount = false, MinimumFreeBytes = 0 }), () =>
            {
                if (deleted) File.Delete(manifest);
                else File.WriteAllText(manifest.Replace(".manifest.json", ".hold.json", StringComparison.Ordinal), "{}");
                index.Change(key, row => deleted ? row with { Status = row.Status with { State = SnapshotState.Destroyed } } : row with { Held = true });
            }));
        var report = await new CatalogRebuild(meanwhile, index, life.Get<Marker>()).RunAsync(progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((deleted ? 0 : 1, 0, 0), (report.Snapshots, report.Missing, report.Deleting));
        Assert.Equal((deleted ? SnapshotState.Destroyed : SnapshotState.BackedUp, !deleted), (index.Find(key)!.Status.State, index.Find(key)!.Held));
    }

    /// <summary>Two installations on one store: neither lists, counts or deletes what is the other's, also where an earlier version had made rows of it.</summary>
    [Fact]
    public async Task Another_installations_copies_are_neither_listed_nor_deleted()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        SnapshotRow theirs;
        await using (var life = new Life(world, CrashSwitch.Never)) theirs = life.Get<SnapshotIndex>().Find(new RequestKey((await life.RunAsync(cancellation)).InstanceId))!;
        foreach (var file in Directory.GetFiles(world.Folder, "*.db*")) File.Delete(file);

        await using var ours = new Life(world, CrashSwitch.Never, installation: "ours");
        ours.Get<SnapshotIndex>().Upsert(theirs);
        var ended = await Deletions.DeleteAsync(ours, theirs.Key);
        Assert.Equal("snapshot.foreign", StepFault.From(ended.FailureDetails!).Code);
        Assert.True(File.Exists(Path.Combine(world.StorePath, theirs.Status.Manifest!)));
        Assert.DoesNotContain(Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories), file => file.EndsWith(".tombstone.json", StringComparison.Ordinal));

        var report = await Rebuild(ours).RunAsync(progress: null, cancellation);
        Assert.Equal((0, 1, 0), (report.Snapshots, report.Foreign, report.Missing));
        Assert.Null(ours.Get<SnapshotIndex>().Find(theirs.Key));

        // Named as taken over they are ours.
        var heir = new Marker(Options.Create(new InstallationOptions { Installation = "ours", TakesOver = { "crash-test" } }), world.Clock);
        report = await new CatalogRebuild(ours.Get<SecondaryDestinations>(), ours.Get<SnapshotIndex>(), heir).RunAsync(progress: null, cancellation);
        Assert.Equal((1, 0), (report.Snapshots, report.Foreign));
    }

    private static CatalogRebuild Rebuild(Life life) => new(life.Get<SecondaryDestinations>(), life.Get<SnapshotIndex>(), life.Get<Marker>());

    private sealed class AfterOpening(ISecondaryStore inner, Action happens) : StoreDecorator(inner)
    {
        private bool _has;

        protected override async Task<T> AroundAsync<T>(StoreCall call, Func<CancellationToken, Task<T>> act, CancellationToken cancellation)
        {
            var answer = await act(cancellation);
            if (call.Operation != StoreOperation.Open || _has) return answer;
            _has = true;
            happens();
            return answer;
        }
    }

    private sealed class ListedBefore(ISecondaryStore inner) : StoreDecorator(inner)
    {
        public override IAsyncEnumerable<StoreObject> ListAsync(string prefix, CancellationToken cancellation) => AsyncEnumerable.Empty<StoreObject>();

        protected override Task<T> AroundAsync<T>(StoreCall call, Func<CancellationToken, Task<T>> act, CancellationToken cancellation) => act(cancellation);
    }
}
