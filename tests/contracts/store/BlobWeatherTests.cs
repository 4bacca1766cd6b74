using Azure.Core;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Blobs;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Retry;
using SnapshotWorkflows.Secondary.Verify;
using SnapshotWorkflows.Secondary.Vhd;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

/// <summary>Real Azurite behind bad weather: passing faults are ridden out with a true outcome, lasting ones become a code and a remedy, and what was there before is untouched.</summary>
public sealed class BlobWeatherTests : IAsyncLifetime
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private readonly BlobWeather _weather = new();
    private readonly BlobStore _bare;
    private readonly RetryingStore _store;

    public BlobWeatherTests(AzuriteServer server)
    {
        _bare = new BlobStore(server.NewContainer(), options => options.AddPolicy(_weather, HttpPipelinePosition.PerCall));
        _store = new RetryingStore(_bare, new StoreRetryOptions { Retries = 3, Delay = TimeSpan.FromMilliseconds(1), LongestDelay = TimeSpan.FromMilliseconds(5) }, TimeProvider.System);
    }

    public async ValueTask InitializeAsync()
    {
        Assert.Null((await _bare.CheckAsync(s_none)).Fault);
        await _bare.PutAsync("old", Content(1), s_none);
    }

    public async ValueTask DisposeAsync()
    {
        Assert.True(_weather.AllFired, "a planned fault never hit");
        Assert.Equal(Content(1), await _bare.ReadAllAsync("old", 1000, s_none));
    }

    private static byte[] Content(int seed)
    {
        var bytes = new byte[1000];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [Theory]
    [InlineData("503 ServerBusy")]
    [InlineData("500 InternalError")]
    [InlineData("429")]
    [InlineData("lose-request")]
    [InlineData("lose-answer")]
    [InlineData("time-out")]
    public async Task What_passes_is_ridden_out_and_the_outcome_is_true(string fault)
    {
        _weather.Add("put", fault, 2);
        Assert.Equal(PutOutcome.Created, await _store.PutAsync("w/new", Content(2), s_none));
        Assert.Equal(PutOutcome.AlreadyExists, await _store.PutAsync("w/new", Content(3), s_none));
        _weather.Add("get", fault, 3);
        Assert.Equal(Content(2), await _store.ReadAllAsync("w/new", 1000, s_none));
        _weather.Add("head", fault).Add("list", fault);
        Assert.Equal(1000, (await _store.FindAsync("w/new", s_none))!.Length);
        var names = new List<string>();
        await foreach (var found in _store.ListAsync("", s_none))
            names.Add(found.Name);
        Assert.Equal(["old", "w/new"], names);

        _weather.Add("blocks", fault).Add("stage", fault).Add("commit", fault);
        var part = new StagedPart(0, 0, 1000, new string('a', 64));
        await using (var staged = await _store.OpenStagedAsync("w/staged", "s", s_none))
        {
            await staged.WriteAsync(part, Content(4), s_none);
            Assert.Equal(PutOutcome.Created, await staged.CommitAsync([part], s_none));
        }
        _weather.Add("stage", fault, 2).Add("commit", fault);
        var large = new byte[9 << 20];
        Assert.Equal(PutOutcome.Created, await _store.PutAsync("w/stream", new MemoryStream(large), s_none));
        _weather.Add("delete", fault);
        await _store.DeleteAsync("w/new", s_none);
        Assert.Null(await _store.FindAsync("w/new", s_none));
    }

    [Fact]
    public async Task A_pack_goes_in_one_call_and_again_in_one()
    {
        var pack = new byte[(8 << 20) + 4000];
        new Random(4).NextBytes(pack);
        _weather.Add("put", "lose-answer").Add("put", "503 ServerBusy");
        Assert.Equal(PutOutcome.Created, await _store.PutAsync("w/pack", new MemoryStream(pack, 0, pack.Length, writable: false, publiclyVisible: true) { Position = 100 }, s_none));
        Assert.True(_weather.AllFired);
        Assert.Equal(pack[100..], await _bare.ReadAllAsync("w/pack", pack.Length, s_none));
    }

    [Fact]
    public async Task What_a_discard_leaves_under_a_lease_is_an_error()
    {
        await using (var staged = await _bare.OpenStagedAsync("w/leased", "s", s_none))
            await staged.WriteAsync(new StagedPart(0, 0, 1000, new string('a', 64)), Content(4), s_none);
        _weather.Add("delete", "lose-request").Add("delete", "412 LeaseIdMissing");
        Assert.Equal(StoreCodes.Unavailable, (await Assert.ThrowsAsync<SecondaryStoreException>(() => _bare.DiscardStagedAsync("w/leased", s_none))).Code);
        Assert.Equal(StoreCodes.Denied, (await Assert.ThrowsAsync<SecondaryStoreException>(() => _bare.DiscardStagedAsync("w/leased", s_none))).Code);
        await _bare.DiscardStagedAsync("w/leased", s_none);
        Assert.Null(await _bare.FindAsync("w/leased", s_none));
    }

    /// <summary>The empty blob by which a discard gets rid of blocks, left by one that died before it took it away.</summary>
    [Fact]
    public async Task What_a_discard_leaves_when_it_dies_is_no_object_and_in_nobodys_way()
    {
        var part = new StagedPart(0, 0, 1000, new string('a', 64));
        await LeaveAsync("w/put");
        await LeaveAsync("w/staged");
        await LeaveAsync("w/stream");
        foreach (var name in new[] { "w/put", "w/staged", "w/stream" })
        {
            Assert.Null(await _store.FindAsync(name, s_none));
            Assert.Equal(StoreCodes.Missing, (await Assert.ThrowsAsync<SecondaryStoreException>(() => _store.OpenAsync(name, ReadPurpose.Ordinary, s_none))).Code);
        }
        var names = new List<string>();
        await foreach (var found in _store.ListAsync("", s_none))
            names.Add(found.Name);
        Assert.Equal(["old"], names);

        _weather.Add("put", "lose-answer");
        Assert.Equal(PutOutcome.Created, await _store.PutAsync("w/put", Content(2), s_none));
        Assert.Equal(PutOutcome.AlreadyExists, await _store.PutAsync("w/put", Content(3), s_none));
        Assert.Equal(Content(2), await _store.ReadAllAsync("w/put", 1000, s_none));
        var large = new byte[9 << 20];
        Assert.Equal(PutOutcome.Created, await _store.PutAsync("w/stream", new MemoryStream(large), s_none));
        await using (var staged = await _store.OpenStagedAsync("w/staged", "s", s_none))
        {
            await staged.WriteAsync(part, Content(4), s_none);
            Assert.Equal(PutOutcome.Created, await staged.CommitAsync([part], s_none));
        }
        Assert.Equal(Content(4), await _store.ReadAllAsync("w/staged", 1000, s_none));
        Assert.Equal(PutOutcome.Created, await _bare.PutAsync("w/empty", ReadOnlyMemory<byte>.Empty, s_none));
        Assert.Equal(0, (await _store.FindAsync("w/empty", s_none))!.Length);
        foreach (var name in new[] { "w/put", "w/staged", "w/empty" })
            await _store.DiscardStagedAsync(name, s_none);
        Assert.NotNull(await _store.FindAsync("w/empty", s_none));
    }

    /// <summary>A zombie and the one that took its place write the same object; the zombie's discard makes its empty blob between the other's blocks and the other's commit, and takes it away right before it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_discard_beside_a_commit_makes_neither_an_empty_object_nor_a_missing_one(bool isTakenAway)
    {
        var part = new StagedPart(0, 0, 1000, new string('a', 64));
        await using var staged = await _store.OpenStagedAsync("w/rival", "s", s_none);
        await staged.WriteAsync(part, Content(4), s_none);
        if (isTakenAway)
            await _bare.DiscardStagedAsync("w/rival", s_none);
        else
            await LeaveAsync("w/rival", stage: false);
        Assert.Equal(StoreCodes.StagedLost, (await Assert.ThrowsAsync<SecondaryStoreException>(() => staged.CommitAsync([part], s_none))).Code);
        await using var again = await _store.OpenStagedAsync("w/rival", "s", s_none);
        Assert.False(again.Holds(part));
        await again.WriteAsync(part, Content(4), s_none);
        Assert.Equal(PutOutcome.Created, await again.CommitAsync([part], s_none));
        Assert.Equal(Content(4), await _store.ReadAllAsync("w/rival", 1000, s_none));
    }

    private async Task LeaveAsync(string name, bool stage = true)
    {
        if (stage)
        {
            await using var staged = await _bare.OpenStagedAsync(name, "left", s_none);
            await staged.WriteAsync(new StagedPart(0, 0, 1000, new string('b', 64)), Content(4), s_none);
        }
        _weather.Add("delete", "lose-request");
        Assert.Equal(StoreCodes.Unavailable, (await Assert.ThrowsAsync<SecondaryStoreException>(() => _bare.DiscardStagedAsync(name, s_none))).Code);
    }

    [Fact]
    public async Task A_rival_that_came_first_while_we_tried_again_is_not_taken_for_ourselves()
    {
        _weather.Add("put", "503 ServerBusy");
        var put = _store.PutAsync("w/rival", Content(5), s_none);
        var his = await _bare.PutAsync("w/rival", Content(6), s_none);
        var mine = await put;
        Assert.NotEqual(his, mine);
        var there = await _bare.ReadAllAsync("w/rival", 1000, s_none);
        Assert.Equal(mine == PutOutcome.Created ? Content(5) : Content(6), there);
    }

    [Theory]
    [InlineData("403 AuthorizationPermissionMismatch", StoreCodes.Denied)]
    [InlineData("403 AuthenticationFailed", StoreCodes.Denied)]
    [InlineData("404 ContainerNotFound", StoreCodes.PathMissing)]
    [InlineData("409 ContainerBeingDeleted", StoreCodes.PathMissing)]
    [InlineData("409 BlobImmutableDueToPolicy", StoreCodes.Denied)]
    [InlineData("412 LeaseIdMissing", StoreCodes.Denied)]
    [InlineData("409 BlobArchived", StoreCodes.Denied)]
    [InlineData("409 BlobBeingRehydrated", StoreCodes.Denied)]
    [InlineData("400 InvalidInput", StoreCodes.Io)]
    public async Task What_lasts_is_said_with_a_code_and_a_remedy_and_not_tried_again(string fault, string code)
    {
        foreach (var (call, act) in new (string, Func<Task>)[]
        {
            ("put", () => _store.PutAsync("w/x", Content(7), s_none)),
            ("head", () => _store.FindAsync("w/x", s_none)),
            ("delete", () => _store.DeleteAsync("w/x", s_none)),
            ("blocks", () => _store.OpenStagedAsync("w/x", "s", s_none)),
        })
        {
            _weather.Add(call, fault);
            var refused = await Assert.ThrowsAsync<SecondaryStoreException>(act);
            Assert.Equal(code, refused.Code);
            Assert.NotEmpty(refused.Remedy);
        }
        Assert.Null(await _bare.FindAsync("w/x", s_none));
    }

    [Fact]
    public async Task An_object_that_is_exchanged_while_it_is_read_is_an_error_and_no_mixture()
    {
        await _bare.PutAsync("w/exchanged", Content(8), s_none);
        await using var reader = await _store.OpenAsync("w/exchanged", ReadPurpose.Ordinary, s_none);
        await _bare.DeleteAsync("w/exchanged", s_none);
        await _bare.PutAsync("w/exchanged", Content(9), s_none);
        Assert.Equal(StoreCodes.Changed, (await Assert.ThrowsAsync<SecondaryStoreException>(async () => await reader.ReadAsync(0, new byte[10], s_none))).Code);
    }

    [Fact]
    public async Task A_body_that_ends_early_is_read_again_and_one_that_is_wrong_is_found_by_verification()
    {
        var disk = new byte[5 << 20];
        new Random(3).NextBytes(disk);
        var copy = await VhdCopy.FromRawStreamAsync(_store, Request("w/body.vhd"), new MemoryStream(disk), disk.Length, null, s_none);
        var request = new VerificationRequest { Location = "w/body.vhd", ExpectedRoot = copy.Digest.Root };
        var verification = new VhdVerification(TimeProvider.System);
        _weather.Add("get", "cut-body", 2);
        Assert.Equal(VerificationVerdict.Match, (await verification.VerifyAsync(_store, request, null, s_none)).Verdict);
        // Once it is open its structure has been read: what comes next is data.
        await using var opened = await _store.OpenAsync("w/body.vhd", ReadPurpose.Ordinary, s_none);
        var reader = await VhdReader.OpenAsync(opened, s_none);
        _weather.Add("get", "flip-body");
        Assert.NotEqual(copy.Digest.Root, (await DiskHasher.ComputeAsync(reader, DiskHashOptions.Default, null, s_none)).Root);
    }

    [Fact]
    public async Task A_copy_under_weather_that_lasts_fails_clearly_and_goes_on_when_it_has_passed()
    {
        var disk = new byte[60 << 20];
        new Random(4).NextBytes(disk);
        _weather.Add("blocks", "503 ServerBusy");
        var sent = 0L;
        var first = await Assert.ThrowsAsync<SecondaryStoreException>(() => VhdCopy.FromRawStreamAsync(
            _store, Request("w/copy.vhd"), new MemoryStream(disk), disk.Length, new Planned(progress =>
            {
                if (Interlocked.Exchange(ref sent, progress.DoneBytes) < 24 << 20 && progress.DoneBytes >= 24 << 20)
                    _weather.Add("stage", "503 ServerBusy", 16);
            }), s_none));
        Assert.Equal(StoreCodes.Unavailable, first.Code);
        _weather.Clear();
        Assert.Null(await _bare.FindAsync("w/copy.vhd", s_none));

        var again = await VhdCopy.FromRawStreamAsync(_store, Request("w/copy.vhd"), new MemoryStream(disk), disk.Length, null, s_none);
        Assert.True(again.KeptBytes >= 8 << 20, $"only {again.KeptBytes} bytes were kept");
        Assert.Equal((await DiskHasher.ComputeAsync(new MemoryStream(disk), disk.Length, DiskHashOptions.Default, null, s_none)).Root, again.Digest.Root);
    }

    private static VhdCopyRequest Request(string location) => new() { Location = location, Session = "w", UniqueId = new Guid("6f1d2c3b-4a59-4e68-9777-865544332211"), Timestamp = DateTimeOffset.UnixEpoch.AddYears(40) };

    private sealed class Planned(Action<DiskProgress> action) : IProgress<DiskProgress>
    {
        public void Report(DiskProgress value) => action(value);
    }
}
