using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Secondary.Retry;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

/// <summary>Two processes of one session, one of them thought dead; backups of the export by hard links; a server that is away while a file is synced. No half file becomes an object, and no whole one is taken for lost.</summary>
public sealed class FolderRivalTests : IDisposable
{
    private const string Name = "vhd/copy.vhd";
    private static readonly CancellationToken s_none = CancellationToken.None;
    private readonly TempFolder _folder = new();
    private readonly List<(StagedPart Part, byte[] Content)> _parts = Parts(10 << 20, 10 << 20, 10 << 20, 10 << 20);

    public void Dispose() => _folder.Dispose();

    private FolderStore Make(Action<FolderStep, string>? before = null) =>
        new(new FolderStoreOptions { Name = "nfs1", Path = _folder.Path, RequireMount = false, MinimumFreeBytes = 0 }) { Before = before };

    [Fact]
    public async Task Who_commits_second_finds_the_object_of_the_first()
    {
        await using var one = await OpenAsync(Make());
        await using var two = await OpenAsync(Make());
        await WriteAsync(one, 0, 4);
        await WriteAsync(two, 0, 4);
        Assert.Equal(PutOutcome.Created, await CommitAsync(one));
        Assert.Equal(PutOutcome.AlreadyExists, await CommitAsync(two));
        await DemandWholeAsync();
    }

    [Fact]
    public async Task Who_was_discarded_commits_nothing_of_the_one_who_began_anew()
    {
        await using var dead = await OpenAsync(Make());
        await WriteAsync(dead, 0, 4);
        await Make().DiscardStagedAsync(Name, s_none);
        await using var living = await OpenAsync(Make());
        await WriteAsync(living, 0, 2);
        Assert.Equal(StoreCodes.StagedLost, (await Assert.ThrowsAsync<SecondaryStoreException>(() => CommitAsync(dead))).Code);
        Assert.Null(await Make().FindAsync(Name, s_none));
        await WriteAsync(living, 2, 4);
        Assert.Equal(PutOutcome.Created, await CommitAsync(living));
        await DemandWholeAsync();
    }

    /// <summary>In the very moment in which it was to get its name.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_is_overtaken_at_the_commit_finds_the_object_or_nothing(bool finishes)
    {
        await using var other = await OpenAsync(Make());
        IStagedObject? anew = null;
        Task? overtaking = null;
        async Task OvertakeAsync()
        {
            if (finishes)
            {
                Assert.Equal(PutOutcome.Created, await CommitAsync(other));
                return;
            }
            await Make().DiscardStagedAsync(Name, s_none);
            anew = await OpenAsync(Make());
            await WriteAsync(anew, 0, 2);
        }

        // A folder's calls have ended when they return.
        var slow = Make((step, _) => Assert.True(step != FolderStep.Publish || overtaking is not null || (overtaking = OvertakeAsync()).IsCompletedSuccessfully));
        await WriteAsync(other, 0, 4);
        await using var mine = await OpenAsync(slow);
        await WriteAsync(mine, 0, 4);
        if (finishes)
            Assert.Equal(PutOutcome.AlreadyExists, await CommitAsync(mine));
        else
        {
            Assert.Equal(StoreCodes.StagedLost, (await Assert.ThrowsAsync<SecondaryStoreException>(() => CommitAsync(mine))).Code);
            Assert.Null(await Make().FindAsync(Name, s_none));
            await WriteAsync(anew!, 2, 4);
            Assert.Equal(PutOutcome.Created, await CommitAsync(anew!));
            await anew!.DisposeAsync();
        }
        await DemandWholeAsync();
    }

    [Fact]
    public async Task A_second_name_that_a_backup_gave_a_half_file_makes_no_object_of_it()
    {
        await using (var first = await OpenAsync(Make()))
            await WriteAsync(first, 0, 2);
        // cp -al of the export.
        Assert.Equal(0, Libc.Link(Directory.GetFiles(_folder.Of("vhd"), ".*.staged.partial").Single(), _folder.Of("backup")));
        await using var second = await OpenAsync(Make());
        Assert.True(second.Holds(_parts[1].Part));
        Assert.False(second.Holds(_parts[3].Part));
        await WriteAsync(second, 2, 4);
        Assert.Equal(PutOutcome.Created, await CommitAsync(second));
        await DemandWholeAsync();
    }

    [Fact]
    public async Task A_second_name_that_a_backup_gave_a_put_does_not_make_a_rivals_object_ours()
    {
        var store = Make((step, _) =>
        {
            if (step != FolderStep.Publish)
                return;
            Assert.Equal(0, Libc.Link(Directory.GetFiles(_folder.Of("a"), ".*.partial").Single(), _folder.Of("backup")));
            Assert.True(Make().PutAsync("a/b", new byte[] { 2 }, s_none).IsCompletedSuccessfully);
        });
        Assert.Equal(PutOutcome.AlreadyExists, await store.PutAsync("a/b", new byte[] { 1 }, s_none));
        Assert.Equal([2], await store.ReadAllAsync("a/b", 1, s_none));
    }

    /// <summary>Of a sync that failed the system forgets what it could not write (fsync(2)), and the next one is called good: what was written before it has to be written again, and not only synced.</summary>
    [Theory]
    [InlineData(Libc.Etimedout)]
    [InlineData(Libc.Eio)]
    public async Task What_a_failed_sync_may_have_lost_is_written_again(int errno)
    {
        var syncs = 0;
        var store = new RetryingStore(Make((step, _) =>
        {
            if (step != FolderStep.SyncPartial || syncs++ != 0)
                return;
            // What the server never got.
            var partial = Directory.GetFiles(_folder.Of("vhd"), ".*.staged.partial").Single();
            using (var file = File.OpenHandle(partial, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                RandomAccess.Write(file, new byte[RandomAccess.GetLength(file)], 0);
            throw new IOException("The server does not answer.", errno);
        }), new StoreRetryOptions { Retries = 2, Delay = TimeSpan.FromMilliseconds(1) }, TimeProvider.System);

        await using (var first = await store.OpenStagedAsync(Name, "s1", s_none))
        {
            await WriteAsync(first, 0, 1);
            var second = await Record.ExceptionAsync(() => WriteAsync(first, 1, 2));
            // What passes is ridden out, the rest is for the next attempt of the step.
            Assert.Equal(errno == Libc.Etimedout ? null : StoreCodes.Io, (second as SecondaryStoreException)?.Code);
            await WriteAsync(first, errno == Libc.Etimedout ? 2 : 1, 4);
            Assert.Equal(StoreCodes.StagedLost, (await Assert.ThrowsAsync<SecondaryStoreException>(() => CommitAsync(first))).Code);
        }
        Assert.Null(await store.FindAsync(Name, s_none));
        await using var again = await store.OpenStagedAsync(Name, "s1", s_none);
        Assert.Equal([false, true, true, true], _parts.Select(part => again.Holds(part.Part)));
        await WriteAsync(again, 0, 1);
        Assert.Equal(PutOutcome.Created, await CommitAsync(again));
        await DemandWholeAsync();
    }

    private static async Task<IStagedObject> OpenAsync(FolderStore store) => await store.OpenStagedAsync(Name, "s1", s_none);

    private async Task WriteAsync(IStagedObject staged, int from, int to)
    {
        foreach (var (part, content) in _parts[from..to])
            await staged.WriteAsync(part, content, s_none);
    }

    private Task<PutOutcome> CommitAsync(IStagedObject staged) => staged.CommitAsync([.. _parts.Select(part => part.Part)], s_none);

    private async Task DemandWholeAsync()
    {
        Assert.Equal(_parts.SelectMany(part => part.Content), await Make().ReadAllAsync(Name, 64 << 20, s_none));
        Assert.Equal([_folder.Of(Name)], Directory.GetFiles(_folder.Of("vhd")));
    }

    private static List<(StagedPart Part, byte[] Content)> Parts(params int[] lengths)
    {
        var parts = new List<(StagedPart, byte[])>();
        long offset = 0;
        foreach (var length in lengths)
        {
            var content = new byte[length];
            new Random(parts.Count).NextBytes(content);
            parts.Add((new StagedPart(parts.Count, offset, length, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content))), content));
            offset += length;
        }
        return parts;
    }
}
