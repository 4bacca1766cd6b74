using System.Diagnostics.Metrics;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Metrics;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Secondary.Throttle;
using SnapshotWorkflows.Tests.Secondary;
using SnapshotWorkflows.Tests.Support.Time;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

public sealed class DecoratorTests : IDisposable
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private readonly TempFolder _folder = new();
    private readonly FolderStore _store;

    public DecoratorTests() => _store = new FolderStore(new FolderStoreOptions { Name = "local", Path = _folder.Path, RequireMount = false, MinimumFreeBytes = 0 });

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Bytes_wait_for_their_share_of_the_rate()
    {
        var clock = new ManualTimeProvider();
        using var store = new ThrottledStore(_store, new StoreThrottleOptions { BytesPerSecond = 1000 }, clock);
        Assert.True(store.PutAsync("a", new byte[250], s_none).IsCompletedSuccessfully);
        var second = store.PutAsync("b", new byte[1000], s_none);
        Assert.False(second.IsCompleted);
        Assert.Null(await _store.FindAsync("b", s_none));
        while (!second.IsCompleted && clock.NextTimer is { } due)
            clock.AdvanceTo(due);
        Assert.Equal(PutOutcome.Created, await second);
    }

    [Fact]
    public async Task No_more_calls_are_under_way_than_there_are_places()
    {
        using var store = new ThrottledStore(_store, new StoreThrottleOptions { Concurrency = 1 }, TimeProvider.System);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = store.PutAsync("a", new WaitingStream(gate.Task), s_none);
        var second = store.FindAsync("x", s_none);
        Assert.False(second.IsCompleted);
        gate.SetResult();
        Assert.Equal(PutOutcome.Created, await first);
        Assert.Null(await second);
    }

    [Fact]
    public async Task Every_call_is_counted_by_operation_and_outcome()
    {
        using var instruments = new StoreInstruments();
        var seen = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument, instruments.Duration) || ReferenceEquals(instrument, instruments.Bytes))
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            lock (seen)
                seen.Add(string.Join(' ', tags.ToArray().Select(tag => tag.Value)));
        });
        var carried = new List<string>();
        listener.SetMeasurementEventCallback<long>((_, bytes, tags, _) =>
        {
            lock (carried)
                carried.Add($"{string.Join(' ', tags.ToArray().Select(tag => tag.Value))} {bytes}");
        });
        listener.Start();
        var store = new MeteredStore(_store, instruments, TimeProvider.System);
        await store.PutAsync("a", new byte[10], s_none);
        // A pack: a stream over memory. Again it is not carried.
        for (var i = 0; i < 2; i++)
            await store.PutAsync("b", new MemoryStream(new byte[30], 5, 20), s_none);
        await store.ReadAllAsync("b", 20, s_none);
        var names = new List<string>();
        await foreach (var found in store.ListAsync("", s_none))
            names.Add(found.Name);
        await foreach (var _ in store.ListAsync("", s_none))
            break;
        Assert.Equal(["a", "b"], names);
        await Assert.ThrowsAsync<SecondaryStoreException>(async () => await store.ListAsync("../", s_none).GetAsyncEnumerator(s_none).MoveNextAsync());
        await Assert.ThrowsAsync<SecondaryStoreException>(() => store.OpenAsync("none", ReadPurpose.Ordinary, s_none));
        Assert.Equal(["local put ok", "local put ok", "local put ok", "local open ok", "local read ok", "local list ok", "local list ok", "local open store.missing"], seen.Where(s => !s.EndsWith("bad-name", StringComparison.Ordinal)));
        Assert.Equal(["local put ok 10", "local put ok 20", "local read ok 20"], carried);
    }

    [Fact]
    public async Task A_listing_takes_a_place_while_the_store_works_and_none_while_its_reader_does()
    {
        using var store = new ThrottledStore(_store, new StoreThrottleOptions { Concurrency = 1 }, TimeProvider.System);
        foreach (var name in new[] { "a", "b", "c" })
            await store.PutAsync(name, new byte[1], s_none);
        // One place, and the reader of the listing deletes as he goes: he does not wait for himself.
        await foreach (var found in store.ListAsync("", s_none))
            await store.DeleteAsync(found.Name, s_none);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var put = store.PutAsync("d", new WaitingStream(gate.Task), s_none);
        var listing = store.ListAsync("", s_none).GetAsyncEnumerator(s_none);
        var first = listing.MoveNextAsync();
        Assert.False(first.IsCompleted);
        gate.SetResult();
        await put;
        Assert.True(await first);
        Assert.Equal("d", listing.Current.Name);
        await listing.DisposeAsync();
    }

    private sealed class WaitingStream(Task gate) : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await gate;
            return 0;
        }
    }
}
