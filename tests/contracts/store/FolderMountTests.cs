using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

public sealed class FolderMountTests : IDisposable
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private readonly TempFolder _folder = new();
    private readonly TempFolder _system = new();

    private string Table => _system.Of("mountinfo");

    public FolderMountTests() => Mount(41, "nfs4");

    public void Dispose()
    {
        _folder.Dispose();
        _system.Dispose();
    }

    private void Mount(int id, string type, string? point = null) => File.WriteAllText(Table,
        $"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n{id} 22 0:{id} / {point ?? _folder.Path} rw,relatime shared:2 master:1 - {type} server:/export rw,vers=4.2\n");

    private void Unmount() => File.WriteAllText(Table, "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n");

    private FolderStore Make(Action<FolderStep, string>? before = null) =>
        new(new FolderStoreOptions { Name = "nfs1", Path = _folder.Path + "/", MinimumFreeBytes = 0 }, Table) { Before = before };

    [Fact]
    public async Task A_mounted_path_serves()
    {
        var store = Make();
        Assert.Equal(PutOutcome.Created, await store.PutAsync("a", new byte[] { 1 }, s_none));
        var check = await store.CheckAsync(s_none);
        Assert.True(check.Ready);
        Assert.True(check.Mounted);
    }

    [Fact]
    public async Task An_unmounted_path_is_refused_by_every_call_and_stays_untouched()
    {
        var store = Make();
        Unmount();
        var calls = new Func<Task>[]
        {
            () => store.PutAsync("a", new byte[] { 1 }, s_none),
            () => store.PutAsync("a", new MemoryStream([1]), s_none),
            () => store.FindAsync("a", s_none),
            () => store.OpenAsync("a", ReadPurpose.Ordinary, s_none),
            () => store.DeleteAsync("a", s_none),
            () => store.EnsureFolderAsync("a", s_none),
            () => store.RemoveFolderAsync("a", [], s_none),
            () => store.FilesInFolderAsync("a", s_none),
            () => store.SweepUnfinishedAsync("", DateTimeOffset.MaxValue, s_none),
            async () => await store.ListAsync("", s_none).GetAsyncEnumerator(s_none).MoveNextAsync(),
        };
        foreach (var call in calls)
        {
            var refused = await Assert.ThrowsAsync<SecondaryStoreException>(call);
            Assert.Equal(StoreCodes.NotMounted, refused.Code);
            Assert.Contains(_folder.Path, refused.Remedy);
        }
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
        var check = await store.CheckAsync(s_none);
        Assert.False(check.Mounted);
        Assert.Equal(StoreCodes.NotMounted, check.Fault!.Code);
    }

    [Fact]
    public async Task A_mount_that_goes_in_mid_write_publishes_nothing()
    {
        var store = Make((step, _) =>
        {
            if (step == FolderStep.SyncPartial)
                Unmount();
        });
        Assert.Equal(StoreCodes.NotMounted, (await Assert.ThrowsAsync<SecondaryStoreException>(() => store.PutAsync("a", new byte[] { 1 }, s_none))).Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_mount_that_was_exchanged_in_mid_write_publishes_nothing()
    {
        var store = Make((step, _) =>
        {
            if (step == FolderStep.SyncPartial)
                Mount(42, "nfs4");
        });
        Assert.Equal(StoreCodes.NotMounted, (await Assert.ThrowsAsync<SecondaryStoreException>(() => store.PutAsync("a", new byte[] { 1 }, s_none))).Code);
        Assert.Null(await Make().FindAsync("a", s_none));
    }

    [Fact]
    public async Task What_is_opened_while_its_mount_goes_is_not_called_missing()
    {
        var store = Make((step, _) =>
        {
            if (step == FolderStep.Look)
                Unmount();
        });
        Assert.Equal(StoreCodes.NotMounted, (await Assert.ThrowsAsync<SecondaryStoreException>(() => store.OpenAsync("a", ReadPurpose.Ordinary, s_none))).Code);
    }

    [Fact]
    public async Task A_listing_that_outlives_its_mount_throws_and_never_just_ends()
    {
        var store = Make();
        for (var i = 0; i < 5; i++)
            await store.PutAsync($"n{i}", new byte[] { 1 }, s_none);
        var seen = 0;
        var refused = await Assert.ThrowsAsync<SecondaryStoreException>(async () =>
        {
            await foreach (var _ in store.ListAsync("", s_none))
            {
                if (++seen == 3)
                    Unmount();
            }
        });
        Assert.Equal(StoreCodes.NotMounted, refused.Code);
    }

    [Fact]
    public void Only_the_mount_point_itself_counts()
    {
        Mount(41, "nfs4", _folder.Path + "/below");
        Assert.Null(MountTable.Find(Table, _folder.Path));
        Mount(41, "autofs");
        Assert.Null(MountTable.Find(Table, _folder.Path));
        Mount(41, "nfs4", "/mnt/with\\040blank\\134s");
        Assert.Equal(41, MountTable.Find(Table, "/mnt/with blank\\s")!.Id);
        Assert.Equal("proc", MountTable.Find(MountTable.SystemFile, "/proc")!.FileSystem);
    }
}
