using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Secondary.Vhd;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

public sealed class FolderStoreTests : SecondaryStoreContract, IDisposable
{
    private readonly TempFolder _folder = new();

    public FolderStoreTests() => Store = Make();

    protected override ISecondaryStore Store { get; }

    public void Dispose() => _folder.Dispose();

    private FolderStore Make(Action<FolderStep, string>? before = null, long minimumFree = 0) => new(new FolderStoreOptions
    {
        Name = "local",
        Path = _folder.Path,
        RequireMount = false,
        MinimumFreeBytes = minimumFree,
    })
    {
        Before = before,
    };

    private string[] FilesOnDisk() =>
        [.. Directory.EnumerateFiles(_folder.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }).Select(f => Path.GetRelativePath(_folder.Path, f))];

    [Fact]
    public async Task A_writer_that_dies_at_any_step_leaves_a_whole_object_or_none()
    {
        var deaths = 0;
        for (var fatal = 0; ; fatal++)
        {
            var name = $"crash/{fatal}/deep/object";
            var content = Bytes((2 << 20) + 5, fatal);
            var (seen, dead) = (0, false);
            var dying = Make((step, _) =>
            {
                if (dead || (step != FolderStep.Look && seen++ == fatal))
                {
                    dead = true;
                    throw new SimulatedDeathException();
                }
            });
            try
            {
                await dying.PutAsync(name, new MemoryStream(content), None);
            }
            catch (SimulatedDeathException)
            {
                deaths++;
            }

            var found = await Store.FindAsync(name, None);
            Assert.Equal(found is null ? [] : [name], await NamesAsync($"crash/{fatal}/"));
            var outcome = await Store.PutAsync(name, new MemoryStream(content), None);
            Assert.Equal(found is null ? PutOutcome.Created : PutOutcome.AlreadyExists, outcome);
            Assert.Equal(content, await Store.ReadAllAsync(name, content.Length, None));
            if (!dead)
                break;
        }
        // Make folder twice, create, write three times, sync, publish, sync folder, done, remove.
        Assert.Equal(11, deaths);

        Assert.Contains(FilesOnDisk(), f => f.EndsWith(".partial", StringComparison.Ordinal));
        Assert.Equal(0, await Store.SweepUnfinishedAsync("", DateTimeOffset.UnixEpoch, None));
        Assert.Equal(0, await Store.SweepUnfinishedAsync("other", DateTimeOffset.MaxValue, None));
        Assert.True(await Store.SweepUnfinishedAsync("crash/", DateTimeOffset.MaxValue, None) > 3);
        Assert.DoesNotContain(FilesOnDisk(), f => f.EndsWith(".partial", StringComparison.Ordinal));
        Assert.Equal(deaths + 1, (await NamesAsync("crash/")).Count);
    }

    [Fact]
    public async Task A_copy_that_dies_behind_its_commit_leaves_no_second_name_of_its_object()
    {
        var disk = Disk(21, 1);
        for (var last = 0; last < 2; last++)
        {
            var (location, removals) = ($"vhd/{last}/copy.vhd", 0);
            var dying = Make((step, _) =>
            {
                // The first removal is the opening's: a journal without its file.
                if (step == FolderStep.RemovePartial && removals++ == last + 1)
                    throw new SimulatedDeathException();
            });
            await Assert.ThrowsAsync<SimulatedDeathException>(() => VhdCopy.FromRawStreamAsync(dying, Copy(location), new MemoryStream(disk), disk.Length, null, None));
            Assert.Equal(3 - last, FilesOnDisk().Count(f => f.StartsWith($"vhd/{last}/", StringComparison.Ordinal)));

            var receipt = await VhdCopy.FromRawStreamAsync(Store, Copy(location), new MemoryStream(disk), disk.Length, null, None);
            Assert.Equal(PutOutcome.AlreadyExists, receipt.Outcome);
            Assert.Equal([location], FilesOnDisk().Where(f => f.StartsWith($"vhd/{last}/", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task A_check_that_dies_leaves_nothing_and_takes_what_an_older_one_left()
    {
        var dying = Make((step, _) =>
        {
            if (step == FolderStep.WritePartial)
                throw new SimulatedDeathException();
        });
        await Assert.ThrowsAsync<SimulatedDeathException>(() => dying.CheckAsync(None));
        Assert.Empty(FilesOnDisk());

        var (old, young, other) = ($".probe.{Guid.NewGuid():n}.partial", $".probe.{Guid.NewGuid():n}.partial", ".probe.s1.staged.partial");
        foreach (var name in new[] { old, young, other })
            await File.WriteAllTextAsync(_folder.Of(name), "x");
        foreach (var name in new[] { old, other })
            File.SetLastWriteTimeUtc(_folder.Of(name), File.GetLastWriteTimeUtc(_folder.Of(young)) - TimeSpan.FromMinutes(62));
        File.SetLastWriteTimeUtc(_folder.Of(young), File.GetLastWriteTimeUtc(_folder.Of(young)) - TimeSpan.FromMinutes(50));
        Assert.True((await Store.CheckAsync(None)).Ready);
        Assert.Equal(new[] { young, other }.Order(StringComparer.Ordinal), FilesOnDisk().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(28, "store.full")]
    [InlineData(122, "store.full")]
    [InlineData(27, "store.full")]
    [InlineData(30, "store.denied")]
    [InlineData(13, "store.denied")]
    [InlineData(116, "store.unavailable")]
    [InlineData(24, "store.unavailable")]
    [InlineData(113, "store.unavailable")]
    [InlineData(5, "store.io")]
    public async Task What_the_system_refuses_in_mid_write_becomes_a_code_and_leaves_nothing(int errno, string code)
    {
        foreach (var at in new[] { FolderStep.MakeFolder, FolderStep.CreatePartial, FolderStep.WritePartial, FolderStep.SyncPartial, FolderStep.Publish })
        {
            var failing = Make((step, _) =>
            {
                if (step == at)
                    throw new IOException($"said of {_folder.Path}", errno);
            });
            var refused = await Assert.ThrowsAsync<SecondaryStoreException>(() => failing.PutAsync("f/g", new MemoryStream(Bytes(2 << 20, 1)), None));
            Assert.Equal(code, refused.Code);
            Assert.NotEmpty(refused.Remedy);
            Assert.DoesNotContain(_folder.Path, refused.Message);
            Assert.Empty(FilesOnDisk());
        }
    }

    [Fact]
    public async Task A_full_disk_refuses_streams_and_folders_but_takes_a_manifest()
    {
        var nearlyFull = Make(minimumFree: long.MaxValue);
        Assert.Equal(StoreCodes.Full, (await Assert.ThrowsAsync<SecondaryStoreException>(() => nearlyFull.PutAsync("a", new MemoryStream([1]), None))).Code);
        Assert.Equal(StoreCodes.Full, (await Assert.ThrowsAsync<SecondaryStoreException>(() => nearlyFull.EnsureFolderAsync("b", None))).Code);
        Assert.Equal(StoreCodes.Full, (await nearlyFull.CheckAsync(None)).Fault!.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
        Assert.Equal(PutOutcome.Created, await nearlyFull.PutAsync("m", new byte[] { 1 }, None));
    }

    [Theory]
    [InlineData(2 << 20, 0)]
    [InlineData((2 << 20) + 1, 0)]
    [InlineData((3 << 20) - 4097, 0)]
    [InlineData((3 << 20) + 777, 1)]
    [InlineData((3 << 20) + 777, 512)]
    public async Task What_goes_past_the_page_cache_is_there_whole_however_it_is_aligned(int length, int lead)
    {
        using var buffer = new AlignedBuffer(4 << 20);
        new Random(length).NextBytes(buffer.Span);
        // Not at the buffer's start: then nothing is aligned, and all goes the ordinary way.
        using var content = new MemoryStream(buffer.Array, buffer.Offset + lead, length, writable: false, publiclyVisible: true);
        Assert.Equal(PutOutcome.Created, await Store.PutAsync("swf/pack", content, None));
        var expected = buffer.Span.Slice(lead, length).ToArray();
        Assert.Equal(expected, await Store.ReadAllAsync("swf/pack", 8 << 20, None));
        Assert.Equal(["swf/pack"], FilesOnDisk());

        var path = Path.Combine(_folder.Path, "file");
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite);
        using (var direct = new DirectFile(file, path))
        {
            direct.Write(buffer.Span[..65536], 1 << 20);
            direct.Write(buffer.Span.Slice(lead, 70_001), 4096);
            direct.Write(buffer.Span[..100], 8191 + (2 << 20));
        }
        var bytes = await File.ReadAllBytesAsync(path, None);
        Assert.Equal(8191 + (2 << 20) + 100, bytes.Length);
        Assert.True(bytes.AsSpan(1 << 20, 65536).SequenceEqual(buffer.Span[..65536]));
        Assert.True(bytes.AsSpan(4096, 70_001).SequenceEqual(buffer.Span.Slice(lead, 70_001)));
        Assert.True(bytes.AsSpan(8191 + (2 << 20)).SequenceEqual(buffer.Span[..100]));
    }

    [Fact]
    public async Task What_is_not_ours_is_neither_listed_nor_reached()
    {
        await Store.PutAsync("ours/object", new byte[] { 1 }, None);
        Directory.CreateDirectory(_folder.Of("ours/.snapshot"));
        await File.WriteAllTextAsync(_folder.Of("ours/.snapshot/object"), "x");
        await File.WriteAllTextAsync(_folder.Of("ours/odd name"), "x");
        await File.WriteAllTextAsync(_folder.Of("ours/.nfs0001"), "x");
        Directory.CreateSymbolicLink(_folder.Of("ours/link"), "/proc");

        Assert.Equal(["ours/object"], await NamesAsync(""));
    }

    [Fact]
    public async Task A_name_taken_by_a_folder_is_an_error_and_no_object()
    {
        await Store.PutAsync("f/object", new byte[] { 1 }, None);
        Assert.Null(await Store.FindAsync("f", None));
        Assert.Equal(StoreCodes.Exists, (await Assert.ThrowsAsync<SecondaryStoreException>(() => Store.PutAsync("f", new byte[] { 1 }, None))).Code);
        Assert.Equal(StoreCodes.Missing, (await Assert.ThrowsAsync<SecondaryStoreException>(() => Store.OpenAsync("f", ReadPurpose.Ordinary, None))).Code);
        await Assert.ThrowsAsync<SecondaryStoreException>(() => Store.DeleteAsync("f", None));
        Assert.Equal(["f/object"], await NamesAsync(""));
    }

    [Fact]
    public async Task A_path_that_is_not_there_is_an_error_for_every_call()
    {
        var gone = new FolderStore(new FolderStoreOptions { Name = "gone", Path = _folder.Of("gone"), RequireMount = false });
        Assert.Equal(StoreCodes.PathMissing, (await Assert.ThrowsAsync<SecondaryStoreException>(() => gone.FindAsync("a", None))).Code);
        Assert.Equal(StoreCodes.PathMissing, (await Assert.ThrowsAsync<SecondaryStoreException>(() => gone.DeleteAsync("a", None))).Code);
        Assert.Equal(StoreCodes.PathMissing, (await gone.CheckAsync(None)).Fault!.Code);
        Assert.Throws<SecondaryStoreException>(() => new FolderStore(new FolderStoreOptions { Name = "x", Path = "relative" }));
    }

    private sealed class SimulatedDeathException : Exception;
}
