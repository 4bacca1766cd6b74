using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

public sealed class HypervisorFolderTests : IDisposable
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private readonly TempFolder _folder = new();
    private readonly FolderStore _store;

    public HypervisorFolderTests() =>
        _store = new FolderStore(new FolderStoreOptions { Name = "local", Path = _folder.Path, RequireMount = false, MinimumFreeBytes = 0 });

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_is_made_once_and_its_files_are_seen_and_removed_by_name()
    {
        await _store.EnsureFolderAsync("swf/z/v/s", s_none);
        await _store.EnsureFolderAsync("swf/z/v/s", s_none);
        Directory.CreateDirectory(_folder.Of("swf/z/v/s/sr"));
        await File.WriteAllTextAsync(_folder.Of("swf/z/v/s/sr/disk.vhd"), "x");
        await File.WriteAllTextAsync(_folder.Of("swf/z/v/s/.lock"), "x");
        Assert.Equal([".lock", "sr/disk.vhd"], await _store.FilesInFolderAsync("swf/z/v/s", s_none));

        await _store.RemoveFolderAsync("swf/z/v/s", ["sr/disk.vhd", ".lock", "was/never/there"], s_none);
        Assert.False(Directory.Exists(_folder.Of("swf/z/v/s")));
        Assert.True(Directory.Exists(_folder.Of("swf/z/v")));
        await _store.RemoveFolderAsync("swf/z/v/s", [], s_none);
        Assert.Empty(await _store.FilesInFolderAsync("swf/z/v/s", s_none));
    }

    [Fact]
    public async Task A_folder_with_anything_else_in_it_is_left_whole()
    {
        await _store.EnsureFolderAsync("f", s_none);
        await File.WriteAllTextAsync(_folder.Of("f/mine"), "x");
        await File.WriteAllTextAsync(_folder.Of("f/stranger"), "x");
        var refused = await Assert.ThrowsAsync<SecondaryStoreException>(() => _store.RemoveFolderAsync("f", ["mine"], s_none));

        Assert.Equal(StoreCodes.FolderNotEmpty, refused.Code);
        Assert.Contains("stranger", refused.Message);
        Assert.True(File.Exists(_folder.Of("f/mine")));
    }

    [Fact]
    public async Task A_link_in_a_folder_is_never_followed()
    {
        await _store.EnsureFolderAsync("f", s_none);
        Directory.CreateDirectory(_folder.Of("outside"));
        await File.WriteAllTextAsync(_folder.Of("outside/precious"), "x");
        Directory.CreateSymbolicLink(_folder.Of("f/link"), _folder.Of("outside"));

        Assert.Equal(["link"], await _store.FilesInFolderAsync("f", s_none));
        await Assert.ThrowsAsync<SecondaryStoreException>(() => _store.RemoveFolderAsync("f", ["link/precious"], s_none));
        await _store.RemoveFolderAsync("f", ["link"], s_none);
        Assert.True(File.Exists(_folder.Of("outside/precious")));
    }

    [Fact]
    public async Task A_file_in_a_folders_place_is_an_error()
    {
        await _store.PutAsync("taken", new byte[] { 1 }, s_none);
        Assert.Equal(StoreCodes.Exists, (await Assert.ThrowsAsync<SecondaryStoreException>(() => _store.EnsureFolderAsync("taken", s_none))).Code);
        await Assert.ThrowsAsync<SecondaryStoreException>(() => _store.EnsureFolderAsync("taken/below", s_none));
    }
}
