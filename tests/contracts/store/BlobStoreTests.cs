using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Blobs;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

/// <summary>The contract, over Azurite, and what only blobs have.</summary>
public sealed class BlobStoreTests : SecondaryStoreContract, IAsyncLifetime
{
    private readonly AzuriteServer _server;
    private readonly BlobStoreOptions _options;
    private readonly BlobStore _store;

    public BlobStoreTests(AzuriteServer server)
    {
        _server = server;
        _options = server.NewContainer();
        _store = new BlobStore(_options);
    }

    protected override ISecondaryStore Store => _store;

    public async ValueTask InitializeAsync() => Assert.Null((await _store.CheckAsync(None)).Fault);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_put_under_the_same_mark_is_the_same_put()
    {
        Assert.Equal(PutOutcome.Created, await _store.PutAsync("m", Bytes(10, 1), "first", None));
        Assert.Equal(PutOutcome.Created, await _store.PutAsync("m", Bytes(10, 1), "first", None));
        Assert.Equal(PutOutcome.AlreadyExists, await _store.PutAsync("m", Bytes(10, 1), "second", None));
    }

    [Fact]
    public async Task A_rival_that_finishes_first_takes_the_blocks_with_it_and_is_not_overwritten()
    {
        var content = Bytes(1000, 1);
        var part = new StagedPart(0, 0, 1000, Identity(content));
        await using var mine = await _store.OpenStagedAsync("rival", "mine", None);
        await using var his = await _store.OpenStagedAsync("rival", "his", None);
        await mine.WriteAsync(part, content, None);
        await his.WriteAsync(part, content, None);
        Assert.Equal(PutOutcome.Created, await his.CommitAsync([part], None));

        Assert.Equal(PutOutcome.AlreadyExists, await mine.CommitAsync([part], None));
        Assert.Equal(PutOutcome.Created, await his.CommitAsync([part], None));
        Assert.Equal(content, await Store.ReadAllAsync("rival", 1000, None));
    }

    [Fact]
    public async Task Blocks_that_died_meanwhile_are_told_and_staged_anew()
    {
        var content = Bytes(1000, 2);
        var part = new StagedPart(0, 0, 1000, Identity(content));
        await using var first = await _store.OpenStagedAsync("aged", "s", None);
        await first.WriteAsync(part, content, None);
        // What the service does after 7 days.
        await _store.DiscardStagedAsync("aged", None);

        Assert.Equal(StoreCodes.StagedLost, (await Assert.ThrowsAsync<SecondaryStoreException>(() => first.CommitAsync([part], None))).Code);
        await using var second = await _store.OpenStagedAsync("aged", "s", None);
        Assert.False(second.Holds(part));
        await second.WriteAsync(part, content, None);
        Assert.Equal(PutOutcome.Created, await second.CommitAsync([part], None));
    }

    [Fact]
    public async Task A_check_takes_what_an_older_one_left_when_it_died()
    {
        var left = BlobContainers.Open(_options, null).GetBlobClient(".probe-left");
        await left.UploadAsync(BinaryData.FromString("probe"), None);
        Assert.Null((await _store.CheckAsync(None)).Fault);
        Assert.True(await left.ExistsAsync(None));
        // As an hour later.
        Assert.Null((await new BlobStore(_options) { ProbeAge = TimeSpan.FromHours(-1) }.CheckAsync(None)).Fault);
        Assert.False(await left.ExistsAsync(None));
    }

    [Fact]
    public async Task Neither_signing_way_shows_its_secret_when_it_is_refused()
    {
        var wrong = Convert.ToBase64String(new byte[32]);
        foreach (var options in new[]
        {
            new BlobStoreOptions { Name = "b", Container = _options.Container, ServiceUrl = _server.Azurite.ServiceUrl, AccountName = _server.Azurite.AccountName, AccountKey = wrong },
            new BlobStoreOptions { Name = "b", Container = _options.Container, ServiceUrl = _server.Azurite.ServiceUrl, Sas = "sv=2021-08-06&ss=b&srt=sco&sp=rwdlac&se=2020-01-01T00%3A00%3A00Z&sig=c2VjcmV0LWNhbmFyeQ%3D%3D" },
        })
        {
            var refused = await Assert.ThrowsAsync<SecondaryStoreException>(() => new BlobStore(options).FindAsync("a", None));
            Assert.Equal(StoreCodes.Denied, refused.Code);
            var all = refused.ToString() + refused.Remedy;
            Assert.DoesNotContain(wrong, all);
            Assert.DoesNotContain("sig=", all);
            Assert.DoesNotContain("canary", all, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(StoreCodes.Denied, (await new BlobStore(options).CheckAsync(None)).Fault!.Code);
        }
    }

    [Fact]
    public async Task An_account_key_signs_in_and_a_missing_container_is_no_missing_object()
    {
        var options = new BlobStoreOptions
        {
            Name = "b", Container = "not-there", ServiceUrl = _server.Azurite.ServiceUrl, AccountName = _server.Azurite.AccountName, AccountKey = _server.Azurite.AccountKey,
        };
        var store = new BlobStore(options);
        var calls = new Func<Task>[]
        {
            () => store.FindAsync("a", None),
            () => store.OpenAsync("a", ReadPurpose.Ordinary, None),
            () => store.PutAsync("a", new byte[1], None),
            () => store.DeleteAsync("a", None),
            () => store.OpenStagedAsync("a", "s", None),
            async () => await store.ListAsync("", None).GetAsyncEnumerator(None).MoveNextAsync(),
            () => store.SweepUnfinishedAsync("", DateTimeOffset.MaxValue, None),
        };
        foreach (var call in calls)
            Assert.Equal(StoreCodes.PathMissing, (await Assert.ThrowsAsync<SecondaryStoreException>(call)).Code);
        Assert.Equal(StoreCodes.PathMissing, (await store.CheckAsync(None)).Fault!.Code);
    }

    [Fact]
    public void Settings_that_cannot_work_are_named_and_nothing_of_them_is_repeated()
    {
        BlobStoreOptions With(string container = "swf", string? connection = null, string? url = "https://a.blob.core.windows.net", string? name = null, string? key = null, string? sas = null) =>
            new() { Name = "b", Container = container, ConnectionString = connection, ServiceUrl = url is null ? null : new Uri(url), AccountName = name, AccountKey = key, Sas = sas };

        Assert.Empty(With(sas: "sig=x").Faults());
        foreach (var bad in new[]
        {
            With(), With(name: "a", key: "canary!"), With(name: "a"), With(sas: "sig=canary", name: "a", key: "AAAA"), With(url: "http://a.example", sas: "sig=canary"),
            With(url: "https://a.example/?sig=canary", sas: "x"), With(url: null, sas: "sig=canary"), With(container: "No_Container", sas: "sig=canary"), With(connection: "canary", url: null, container: "swf"),
        })
        {
            var refused = Assert.Throws<SecondaryStoreException>(() => new BlobStore(bad));
            Assert.Equal(StoreCodes.NoDestination, refused.Code);
            Assert.DoesNotContain("canary", refused.ToString() + refused.Remedy);
        }
    }
}
