using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Durable.Host.Functions;
using SnapshotWorkflows.Durable.Host.Timers;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Tests.Support.Time;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>Several nodes, one store of timers: one firing an occurrence, one run at a time.</summary>
public sealed class TimerNodesTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 30, TimeSpan.Zero);

    [Fact]
    public async Task Each_occurrence_runs_on_one_node_only()
    {
        await using var world = new World(nodes: 3);
        await world.SettledAsync(At("12:05:00"));
        for (var minute = 5; minute <= 60; minute += 5)
        {
            await world.AdvanceUntilAsync(Start.AddMinutes(minute).AddSeconds(-30));
            await world.RunsAsync(minute / 5);
            await world.ReleasedAsync();
        }

        Assert.Equal(12, world.Runs.Count);
        Assert.All(world.Runs, run => Assert.False(run.PastDue));
    }

    [Fact]
    public async Task While_one_node_runs_it_the_others_wait_and_count_from_its_end()
    {
        await using var world = new World(nodes: 2);
        world.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await world.SettledAsync(At("12:05:00"));
        world.Clock.AdvanceTo(At("12:05:00"));
        await world.RunsAsync(1);

        // Far over the first lease, in steps that let its renewals through.
        for (var second = 5; second <= 12 * 60; second += 5)
        {
            world.Clock.AdvanceTo(At("12:05:00").AddSeconds(second));
            await world.QuietAsync();
        }

        Assert.Single(world.Runs);
        var hold = world.Hold;
        world.Hold = null;
        hold.SetResult();
        await world.ReleasedAsync();
        await world.AdvanceUntilAsync(At("12:20:00"));
        await world.RunsAsync(2);
        Assert.Equal(2, world.Runs.Count);
    }

    [Fact]
    public async Task A_node_that_dies_in_mid_run_is_followed_by_another_which_says_past_due()
    {
        await using var world = new World(nodes: 2);
        world.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await world.SettledAsync(At("12:05:00"));
        world.Clock.AdvanceTo(At("12:05:00"));
        await world.RunsAsync(1);
        world.Store.CutOff = world.Runs.Single().Node;
        world.Hold = null;

        await world.AdvanceToRunAsync(2, before: At("12:10:00"));
        Assert.True(world.Runs.Last().PastDue);
        Assert.NotEqual(world.Store.CutOff, world.Runs.Last().Node);
        Assert.True(world.FirstToken.IsCancellationRequested, "the first run has not been told that it lost its lease");
    }

    [Fact]
    public async Task A_run_that_died_under_a_clock_that_was_ahead_is_followed_once_the_clock_is_right()
    {
        await using var world = new World(nodes: 2);
        world.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await world.SettledAsync(At("12:05:00"));
        world.Clock.AdvanceTo(At("12:05:00"));
        await world.RunsAsync(1);
        await world.SettledAsync(At("12:05:05"));
        world.Store.CutOff = world.Runs.Single().Node;
        world.Hold = null;
        world.Clock.Jump(TimeSpan.FromDays(-40));
        await world.AdvanceToRunAsync(2, before: At("12:15:00").AddDays(-40));
        Assert.NotEqual(world.Store.CutOff, world.Runs.Last().Node);
    }

    /// <summary>Here the clock of the node that looks is the wrong one: it is behind, and the other's lease only seems too long.</summary>
    [Fact]
    public async Task A_node_whose_clock_is_behind_takes_no_run_from_one_that_renews_its_lease()
    {
        await using var world = new World(nodes: 1);
        await world.SettledAsync(At("12:05:00"));
        for (var second = 0; second <= 5 * 60; second += 5)
        {
            var kept = world.Store.Current("tick")!;
            Assert.NotNull(world.Store.Store("tick", kept.Revision, kept.State with { Owner = "elsewhere", LeaseUntil = world.Clock.GetUtcNow().UtcDateTime.AddDays(40) }));
            world.Clock.AdvanceTo(At("12:05:00").AddSeconds(second));
            await world.QuietAsync();
        }

        Assert.Empty(world.Runs);
        await world.AdvanceToRunAsync(1, before: At("12:11:00"));
    }

    [Fact]
    public async Task A_run_that_goes_on_while_the_clock_is_set_back_stays_the_only_one()
    {
        await using var world = new World(nodes: 2);
        world.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await world.SettledAsync(At("12:05:00"));
        world.Clock.AdvanceTo(At("12:05:00"));
        await world.RunsAsync(1);
        await world.SettledAsync(At("12:05:05"));
        world.Clock.Jump(TimeSpan.FromDays(-40));
        await world.AdvanceUntilAsync(At("12:30:00").AddDays(-40));
        Assert.Single(world.Runs);
    }

    [Fact]
    public async Task A_node_whose_renewals_hang_stops_its_run_before_another_begins()
    {
        await using var world = new World(nodes: 2);
        world.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await world.SettledAsync(At("12:05:00"));
        world.Clock.AdvanceTo(At("12:05:00"));
        await world.RunsAsync(1);
        world.Store.Walled = world.Runs.Single().Node;
        world.Hold = null;

        await world.AdvanceToRunAsync(2, before: At("12:10:00"));
        Assert.NotEqual(world.Store.Walled, world.Runs.Last().Node);
        Assert.True(world.Runs.Last().Alone, "two nodes ran it at once");
    }

    [Fact]
    public async Task A_run_cut_short_by_a_stop_is_taken_up_by_another_node_at_once()
    {
        await using var world = new World(nodes: 2);
        world.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await world.SettledAsync(At("12:05:00"));
        world.Clock.AdvanceTo(At("12:05:00"));
        await world.RunsAsync(1);
        world.Hold = null;
        await world.StopAsync(world.Runs.Single().Node);
        await world.AdvanceUntilAsync(At("12:05:10"));
        await world.RunsAsync(2);
    }

    [Fact]
    public async Task An_end_that_the_hub_could_not_be_told_is_told_later_and_not_run_again()
    {
        await using var world = new World(nodes: 1);
        world.Store.FailReleases = 2;
        await world.SettledAsync(At("12:05:00"));
        world.Clock.AdvanceTo(At("12:05:00"));
        await world.RunsAsync(1);
        await world.AdvanceUntilAsync(At("12:09:59"));
        Assert.Single(world.Runs);
        Assert.Null((await world.Store.ReadAsync("tick", CancellationToken.None))!.State.Owner);
        await world.AdvanceUntilAsync(At("12:10:00"));
        await world.RunsAsync(2);
    }

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2026-03-01T{time}Z", System.Globalization.CultureInfo.InvariantCulture);

    private sealed record Run(string Node, bool PastDue, bool Alone);

    private sealed class World : IAsyncDisposable
    {
        private readonly List<(string Node, TimerListener Listener, CancellationTokenSource Stop, Task Running)> _nodes = [];
        private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        private int _first;

        public World(int nodes)
        {
            for (var i = 0; i < nodes; i++)
            {
                var node = $"node{i}";
                var function = FunctionOf(node);
                var listener = new TimerListener(
                    function,
                    new NodeStore(Store, node),
                    node,
                    _services.GetRequiredService<IServiceScopeFactory>(),
                    new HostMetrics(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()),
                    Clock,
                    NullLogger.Instance);
                var stop = new CancellationTokenSource();
                _nodes.Add((node, listener, stop, Task.Run(() => listener.RunAsync(stop.Token))));
            }
        }

        public ManualTimeProvider Clock { get; } = new(Start);

        public SharedStore Store { get; } = new();

        public ConcurrentQueue<Run> Runs { get; } = new();

        public TaskCompletionSource? Hold { get; set; }

        public CancellationToken FirstToken { get; private set; }

        /// <summary>Every living node sleeps until then or longer.</summary>
        public Task SettledAsync(DateTimeOffset due) => UntilAsync(() => Clock.NextTimer == due);

        public Task RunsAsync(int count) => UntilAsync(() => Runs.Count >= count);

        public Task ReleasedAsync() => UntilAsync(() => Store.Current("tick")?.State.Owner is null);

        /// <summary>Lets what the last move of the clock has set off come to rest.</summary>
        public async Task QuietAsync()
        {
            for (var i = 0; i < 50; i++)
            {
                await Task.Yield();
            }

            var seen = Store.Writes;
            await UntilAsync(() => Clock.NextTimer > Clock.GetUtcNow());
            Assert.True(Store.Writes >= seen);
        }

        public async Task AdvanceUntilAsync(DateTimeOffset end)
        {
            while (Clock.GetUtcNow() < end)
            {
                await QuietAsync();
                Clock.AdvanceTo(Clock.NextTimer is { } next && next < end ? next : end);
            }

            await QuietAsync();
        }

        /// <summary>A node that was slow to look arms its timer a little later than another: the clock goes on until the run has come.</summary>
        public async Task AdvanceToRunAsync(int count, DateTimeOffset before)
        {
            while (Runs.Count < count)
            {
                await QuietAsync();
                // One that is slow to look has no timer meanwhile: the others' must not take the clock past the end.
                DateTimeOffset? next = null;
                await UntilAsync(() => Runs.Count >= count || (next = Clock.NextTimer) < before);
                if (Runs.Count >= count)
                    return;
                Clock.AdvanceTo(next!.Value);
            }
        }

        public async Task StopAsync(string node)
        {
            var (_, _, stop, running) = _nodes.Single(candidate => candidate.Node == node);
            await stop.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        public async ValueTask DisposeAsync()
        {
            Store.Wall.TrySetResult();
            foreach (var (_, listener, stop, running) in _nodes)
            {
                Store.CutOff = null;
                await stop.CancelAsync();
                Hold?.TrySetResult();
                await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                listener.Dispose();
                stop.Dispose();
            }

            await _services.DisposeAsync();
        }

        private TimerFunction FunctionOf(string node)
        {
            ParameterBinding[] bindings = [(_, _) => new(this), (_, _) => new(node), (invocation, _) => new(invocation.Timer), (invocation, _) => new(invocation.Cancellation)];
            return new TimerFunction(new FunctionMethod("Tick", typeof(World).GetMethod(nameof(TickAsync))!, bindings), TimerSchedule.Find("0 */5 * * * *")!, RunOnStartup: false, UseMonitor: true);
        }

        public static async Task TickAsync(object world, string node, TimerInfo timer, CancellationToken cancellation)
        {
            var here = (World)world;
            ArgumentNullException.ThrowIfNull(timer);
            if (Interlocked.Exchange(ref here._first, 1) == 0)
            {
                here.FirstToken = cancellation;
            }

            var hold = here.Hold;
            here.Runs.Enqueue(new Run(node, timer.IsPastDue, here.Runs.IsEmpty || here.FirstToken.IsCancellationRequested));
            if (hold is not null)
            {
                await hold.Task.WaitAsync(cancellation);
            }
        }

        private static async Task UntilAsync(Func<bool> reached)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (!reached())
            {
                Assert.False(patience.IsCancellationRequested, "the nodes did not come to where they should be");
                await Task.Yield();
            }
        }
    }

    private sealed class SharedStore
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, KeptTimer> _kept = new(StringComparer.OrdinalIgnoreCase);

        public int Writes { get; private set; }

        /// <summary>The node that can no longer reach the store.</summary>
        public string? CutOff { get; set; }

        public int FailReleases { get; set; }

        /// <summary>The node whose writes hang, as behind a cut line, until the world ends.</summary>
        public string? Walled { get; set; }

        public TaskCompletionSource Wall { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public KeptTimer? Current(string name)
        {
            lock (_gate)
            {
                return _kept.GetValueOrDefault(name);
            }
        }

        public Task<KeptTimer?> ReadAsync(string name, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            return Task.FromResult(Current(name));
        }

        public KeptTimer? Store(string name, long revision, TimerState state)
        {
            lock (_gate)
            {
                var current = _kept.GetValueOrDefault(name);
                if ((current?.Revision ?? 0) != revision)
                {
                    return null;
                }

                if (current?.State.Owner is not null && state.Owner is null && FailReleases > 0)
                {
                    FailReleases--;
                    throw new IOException("planned");
                }

                Writes++;
                return _kept[name] = new KeptTimer(revision + 1, state);
            }
        }
    }

    private sealed class NodeStore(SharedStore shared, string node) : ITimerStore
    {
        public Task<KeptTimer?> ReadAsync(string function, CancellationToken cancellation) =>
            shared.CutOff == node ? throw new IOException("cut off") : shared.ReadAsync(function, cancellation);

        public async Task<KeptTimer?> StoreAsync(string function, long revision, TimerState state, CancellationToken cancellation)
        {
            if (shared.Walled == node)
            {
                await shared.Wall.Task;
            }

            return shared.Walled == node || shared.CutOff == node ? throw new IOException("cut off") : shared.Store(function, revision, state);
        }
    }
}
