using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

/// <summary>A folder whose file system is in trouble: what cannot be told is an error, never "not there". And folders that come and go under many hands.</summary>
public sealed class FolderTroubleTests : IDisposable
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private FolderStore Make(Action<FolderStep, string>? before = null) =>
        new(new FolderStoreOptions { Name = "nfs1", Path = _folder.Path, RequireMount = false, MinimumFreeBytes = 0 }) { Before = before };

    private static async Task<List<string>> NamesAsync(ISecondaryStore store, string prefix)
    {
        var names = new List<string>();
        await foreach (var found in store.ListAsync(prefix, s_none))
            names.Add(found.Name);
        return names;
    }

    private static Func<Task>[] Questions(FolderStore store, string folder) =>
    [
        () => store.FindAsync($"{folder}/x", s_none),
        () => store.OpenAsync($"{folder}/x", ReadPurpose.Ordinary, s_none),
        () => NamesAsync(store, $"{folder}/"),
        () => store.FilesInFolderAsync(folder, s_none),
        () => store.RemoveFolderAsync(folder, [], s_none),
        () => store.DiscardStagedAsync($"{folder}/x", s_none),
        () => store.SweepUnfinishedAsync($"{folder}/", DateTimeOffset.MaxValue, s_none),
        () => store.PutAsync($"{folder}/x", new byte[] { 1 }, s_none),
    ];

    // The system's own ELOOP: an error of stat that any file system gives, and which File.Exists takes for "no".
    [Fact]
    public async Task What_the_system_cannot_look_at_is_an_error_of_every_call_and_not_missing()
    {
        Directory.CreateSymbolicLink(_folder.Of("loop"), _folder.Of("loop"));
        foreach (var question in Questions(Make(), "loop"))
            Assert.Equal(StoreCodes.Io, (await Assert.ThrowsAsync<SecondaryStoreException>(question)).Code);
    }

    [Theory]
    [InlineData(Libc.Eio, StoreCodes.Io)]
    [InlineData(Libc.Estale, StoreCodes.Unavailable)]
    [InlineData(Libc.Etimedout, StoreCodes.Unavailable)]
    public async Task Whichever_look_fails_the_answer_is_an_error(int errno, string code)
    {
        foreach (var name in new[] { "a/b/one", "a/b/two", "a/c/x", "a/d" })
            await Make().PutAsync(name, new byte[] { 1 }, s_none);
        for (var question = 0; question < Questions(Make(), "a/c").Length; question++)
        {
            for (var fatal = 0; ; fatal++)
            {
                var (looks, fired) = (0, false);
                var store = Make((step, _) =>
                {
                    if (step != FolderStep.Look || looks++ != fatal)
                        return;
                    fired = true;
                    throw new IOException("The server does not answer.", errno);
                });
                var failure = await Record.ExceptionAsync(Questions(store, "a/c")[question]);
                if (!fired)
                {
                    Assert.True(fatal > 0, $"question {question} never looked");
                    break;
                }
                Assert.Equal(code, Assert.IsType<SecondaryStoreException>(failure).Code);
            }
        }
        // Every look of a listing of the whole: it is whole, or it is an error.
        for (var fatal = 0; ; fatal++)
        {
            var looks = 0;
            var store = Make((step, _) =>
            {
                if (step == FolderStep.Look && looks++ == fatal)
                    throw new IOException("The server does not answer.", errno);
            });
            try
            {
                Assert.Equal(["a/b/one", "a/b/two", "a/c/x", "a/d"], (await NamesAsync(Make(), "a/")).Take(4));
                await NamesAsync(store, "a/");
                Assert.True(fatal > 5);
                return;
            }
            catch (SecondaryStoreException e)
            {
                Assert.Equal(code, e.Code);
            }
        }
    }

    [Fact]
    public async Task The_last_object_of_a_folder_takes_it_along_and_others_stay()
    {
        var store = Make();
        foreach (var name in new[] { "swf/packs/s1/a", "swf/packs/s1/b", "swf/packs/s2/a" })
            await store.PutAsync(name, new byte[] { 1 }, s_none);
        await store.DeleteAsync("swf/packs/s1/a", s_none);
        Assert.True(Directory.Exists(_folder.Of("swf/packs/s1")));
        await store.DeleteAsync("swf/packs/s1/b", s_none);
        Assert.Equal([_folder.Of("swf/packs/s2")], Directory.GetDirectories(_folder.Of("swf/packs")));
        await store.DeleteAsync("swf/packs/s2/a", s_none);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        Assert.Equal(PutOutcome.Created, await store.PutAsync("swf/packs/s1/a", new byte[] { 1 }, s_none));
    }

    [Fact]
    public async Task A_folder_that_goes_between_its_making_and_its_first_file_is_made_again()
    {
        var (taken, staged) = (0, 0);
        var store = Make((step, name) =>
        {
            // A deleter's rmdir, at the worst moment.
            if (step == FolderStep.CreatePartial && taken < 3)
            {
                taken++;
                Directory.Delete(_folder.Of("f"), recursive: true);
            }
            if (step == FolderStep.MakeFolder && name == "g/h/i" && staged++ == 1)
                Directory.Delete(_folder.Of("g"), recursive: true);
        });
        Assert.Equal(PutOutcome.Created, await store.PutAsync("f/deep/x", new byte[] { 1 }, s_none));
        Assert.Equal(PutOutcome.Created, await store.PutAsync("g/h/i", new byte[] { 1 }, s_none));
        Assert.Equal(3, taken);
        Assert.Equal(["f/deep/x", "g/h/i"], await NamesAsync(store, ""));
    }

    [Fact]
    public async Task Writers_and_deleters_of_one_folder_at_once_lose_nothing()
    {
        var store = Make();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 60; i++)
            {
                var name = $"one/two/w{writer}";
                Assert.Equal(PutOutcome.Created, await store.PutAsync(name, new byte[] { (byte)i }, s_none));
                Assert.Equal([(byte)i], await store.ReadAllAsync(name, 1, s_none));
                await store.DeleteAsync(name, s_none);
            }
        })));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_sweep_takes_old_empty_folders_of_the_prefix_and_no_others()
    {
        var store = Make();
        await store.PutAsync("swf/chunks/sessions/live/begin", new byte[] { 1 }, s_none);
        foreach (var folder in new[] { "swf/chunks/sessions/gone/deep", "swf/chunks/packs/gone", "swf/other/gone" })
            Directory.CreateDirectory(_folder.Of(folder));
        await store.SweepUnfinishedAsync("swf/chunks/", DateTimeOffset.UnixEpoch, s_none);
        Assert.True(Directory.Exists(_folder.Of("swf/chunks/sessions/gone/deep")));
        await store.SweepUnfinishedAsync("swf/chunks/", DateTimeOffset.MaxValue, s_none);
        Assert.Equal([_folder.Of("swf/chunks/sessions/live")], Directory.GetDirectories(_folder.Of("swf/chunks"), "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("/sessions", StringComparison.Ordinal)));
        Assert.True(Directory.Exists(_folder.Of("swf/other/gone")));
        Assert.Equal(["swf/chunks/sessions/live/begin"], await NamesAsync(store, ""));
    }
}
