using SnapshotWorkflows.App.Readiness;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>A store whose server is gone: its calls return when it is back.</summary>
public sealed class StoreProbesTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly ManualResetEventSlim _back = new();
    private int _calls;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_mount_that_hangs_is_named_within_the_bound_and_has_one_call_in_it_however_often_it_is_asked()
    {
        var probes = new StoreProbes(_clock);
        for (var round = 1; round <= 5; round++)
        {
            var asked = Enumerable.Range(0, 10).Select(_ => probes.AskAsync("nfs1", Hang, Cancellation)).ToList();
            _clock.Advance(StoreProbes.Patience);
            Assert.All(await Task.WhenAll(asked), finding =>
            {
                Assert.Equal(("secondary nfs1", false), (finding.System, finding.Ready));
                Assert.Contains($"'nfs1' has not answered for {round * StoreProbes.Patience.TotalSeconds:0} s", finding.Mend, StringComparison.Ordinal);
            });
        }

        Assert.Equal(1, Volatile.Read(ref _calls));

        // Another store is asked all the same.
        Assert.True((await probes.AskAsync("nfs2", () => Task.FromResult(Ready("nfs2")), Cancellation)).Ready);

        // What comes back late tells of then, so the next one who asks is answered by a call of his own.
        _back.Set();
        ReadinessFinding? finding = null;
        while (finding is not { Ready: true }) finding = await probes.AskAsync("nfs1", Hang, Cancellation);
        Assert.InRange(Volatile.Read(ref _calls), 1, 2);
        Assert.True((await probes.AskAsync("nfs1", Hang, Cancellation)).Ready);
        Assert.InRange(Volatile.Read(ref _calls), 2, 3);
    }

    [Fact]
    public async Task A_store_that_says_what_is_wrong_is_not_said_to_hang()
    {
        var failure = await Assert.ThrowsAsync<TimeoutException>(() => new StoreProbes(_clock).AskAsync("nfs1", () => throw new TimeoutException("its own"), Cancellation));
        Assert.Equal("its own", failure.Message);
    }

    /// <summary>In the moment between the bound and whoever waits for it.</summary>
    [Fact]
    public async Task An_answer_that_comes_with_the_bound_is_the_answer()
    {
        var probes = new StoreProbes(_clock);
        var late = new TaskCompletionSource<ReadinessFinding>();
        var (held, before) = (new HeldBack(), SynchronizationContext.Current);
        SynchronizationContext.SetSynchronizationContext(held);
        var asked = probes.AskAsync("nfs1", () => late.Task, Cancellation);
        SynchronizationContext.SetSynchronizationContext(before);
        _clock.Advance(StoreProbes.Patience);
        late.SetResult(Ready("nfs1"));

        // The next one is asked anew once the first has answered.
        while (Volatile.Read(ref _calls) == 0) await probes.AskAsync("nfs1", Counted, Cancellation);
        held.Go();
        Assert.True((await asked).Ready);

        Task<ReadinessFinding> Counted()
        {
            Interlocked.Increment(ref _calls);
            return Task.FromResult(Ready("nfs1"));
        }
    }

    [Fact]
    public async Task Whoever_gives_up_gives_up_alone()
    {
        var probes = new StoreProbes(_clock);
        using var gone = new CancellationTokenSource();
        var (first, second) = (probes.AskAsync("nfs1", Hang, gone.Token), probes.AskAsync("nfs1", Hang, Cancellation));
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _back.Set();
        Assert.True((await second).Ready);
        Assert.Equal(1, Volatile.Read(ref _calls));
    }

    /// <summary>As the kernel does: the thread is not given back.</summary>
    private Task<ReadinessFinding> Hang()
    {
        Interlocked.Increment(ref _calls);
        _back.Wait(TimeSpan.FromMinutes(1), Cancellation);
        return Task.FromResult(Ready("nfs1"));
    }

    /// <summary>What is to go on waits until it is let.</summary>
    private sealed class HeldBack : SynchronizationContext
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<(SendOrPostCallback Call, object? State)> _posts = new();
        private volatile bool _going;

        public override void Post(SendOrPostCallback d, object? state)
        {
            _posts.Enqueue((d, state));
            if (_going) Go();
        }

        public void Go()
        {
            _going = true;
            while (_posts.TryDequeue(out var post)) post.Call(post.State);
        }
    }

    private static ReadinessFinding Ready(string store) => new($"secondary {store}", Ready: true, "writable", Mend: null);
}
