using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Durable.Host.Timers;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Tests.Support.Time;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

public sealed class TimerTriggerTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 30, TimeSpan.Zero);

    [Theory]
    [InlineData("0 */5 * * * *", "2026-03-01T12:05:00Z")]
    [InlineData("*/5 * * * *", "2026-03-01T12:05:00Z")]
    [InlineData("15 0 3 * * MON", "2026-03-02T03:00:15Z")]
    [InlineData("0 30 9 * JAN 1-5", "2027-01-01T09:30:00Z")]
    [InlineData("00:10:00", "2026-03-01T12:10:30Z")]
    public void Schedules_are_read_as_NCRONTAB_or_intervals(string text, string next) =>
        Assert.Equal(DateTime.Parse(next, null, System.Globalization.DateTimeStyles.AdjustToUniversal), TimerSchedule.Find(text)!.Next(Noon.UtcDateTime));

    [Theory]
    [InlineData("0 61 * * * *")]
    [InlineData("* * *")]
    [InlineData("-00:10:00")]
    [InlineData("5")]
    [InlineData("")]
    public void What_is_no_schedule_is_refused(string text) => Assert.Null(TimerSchedule.Find(text));

    [Fact]
    public async Task A_timer_fires_at_each_occurrence_and_settings_name_its_schedule()
    {
        var clock = new ManualTimeProvider(Noon);
        var runs = new Runs();
        await using var host = await StartAsync(clock, runs);
        await ArmedAsync(clock, Noon.AddSeconds(30) + TimeSpan.FromMinutes(4));
        Assert.Empty(runs.All);

        clock.AdvanceTo(At("12:05:00"));
        var first = await runs.NextAsync();
        Assert.False(first.IsPastDue);
        Assert.Equal(At("12:05:00").UtcDateTime, first.ScheduleStatus!.Next);

        await ArmedAsync(clock, At("12:10:00"));
        clock.AdvanceTo(At("12:10:00"));
        Assert.Equal(At("12:05:00").UtcDateTime, (await runs.NextAsync()).ScheduleStatus!.Last);
    }

    [Fact]
    public async Task A_missed_run_is_made_up_for_once_and_said_to_be_past_due()
    {
        using var folder = new TemporaryFolder();
        var clock = new ManualTimeProvider(Noon);
        var before = new Runs();
        await using (await StartAsync(clock, before, folder))
        {
            await ArmedAsync(clock, At("12:05:00"));
        }

        Assert.Empty(before.All);

        // Down over seven occurrences.
        clock.AdvanceTo(At("12:36:00"));
        var after = new Runs();
        await using (await StartAsync(clock, after, folder))
        {
            Assert.True((await after.NextAsync()).IsPastDue);
            await ArmedAsync(clock, At("12:40:00"));
            clock.AdvanceTo(At("12:40:00"));
            Assert.False((await after.NextAsync()).IsPastDue);
            Assert.Equal(2, after.All.Count);
            await ArmedAsync(clock, At("12:45:00"));
        }

        // Nothing was missed this time.
        var last = new Runs();
        await using var again = await StartAsync(clock, last, folder);
        await ArmedAsync(clock, At("12:45:00"));
        Assert.Empty(last.All);
    }

    [Fact]
    public async Task Runs_do_not_overlap_and_a_failed_one_does_not_end_the_schedule()
    {
        var clock = new ManualTimeProvider(Noon);
        var runs = new Runs { Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) };
        await using var host = await StartAsync(clock, runs);
        await ArmedAsync(clock, At("12:05:00"));
        clock.AdvanceTo(At("12:05:00"));
        await runs.NextAsync();

        // Two more occurrences pass while the first run is held.
        clock.AdvanceTo(At("12:16:00"));
        Assert.Single(runs.All);
        runs.Hold.SetException(new InvalidOperationException("planned"));
        await ArmedAsync(clock, At("12:20:00"));
        runs.Hold = null;
        clock.AdvanceTo(At("12:20:00"));
        await runs.NextAsync();
        Assert.Equal(2, runs.All.Count);
    }

    /// <summary>What was kept under it counts only once its time has come.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_timer_that_ran_under_a_clock_that_was_ahead_keeps_its_schedule_by_the_right_one(bool restart)
    {
        using var folder = new TemporaryFolder();
        var clock = new ManualTimeProvider(Noon.AddDays(40));
        var runs = new Runs();
        await using (await StartAsync(clock, runs, folder))
        {
            await ArmedAsync(clock, At("12:05:00").AddDays(40));
            clock.AdvanceTo(At("12:05:00").AddDays(40));
            await runs.NextAsync();
            await ArmedAsync(clock, At("12:10:00").AddDays(40));
            if (!restart)
            {
                clock.Jump(TimeSpan.FromDays(-40));
                clock.AdvanceTo(At("12:10:00")); // what it slept until, by the monotonic clock
                await RunsAtAsync(clock, runs, At("12:15:00"));
            }
        }

        if (restart)
        {
            clock.Jump(TimeSpan.FromDays(-40));
            await using var next = await StartAsync(clock, runs, folder);
            await RunsAtAsync(clock, runs, At("12:10:00"));
        }
    }

    private static async Task RunsAtAsync(ManualTimeProvider clock, Runs runs, DateTimeOffset next)
    {
        await ArmedAsync(clock, next);
        clock.AdvanceTo(next);
        Assert.False((await runs.NextAsync()).IsPastDue);
        await ArmedAsync(clock, next.AddMinutes(5));
        Assert.Equal(2, runs.All.Count);
    }

    /// <summary>A machine without a battery for its clock begins years back, and is set right a moment later.</summary>
    [Fact]
    public async Task A_clock_that_is_behind_at_a_start_and_leaps_forward_runs_nothing_before_its_time()
    {
        using var folder = new TemporaryFolder();
        var clock = new ManualTimeProvider(Noon);
        var runs = new Runs();
        await using (await StartAsync(clock, runs, folder, "0 0 3 * * *"))
        {
            await ArmedAsync(clock, Noon.AddHours(1));
        }

        clock.Jump(TimeSpan.FromDays(-20_000));
        await using (await StartAsync(clock, runs, folder, "0 0 3 * * *"))
        {
            await ArmedAsync(clock, clock.GetUtcNow().AddHours(1));
            clock.Jump(TimeSpan.FromDays(20_000));
            clock.AdvanceTo(Noon.AddHours(1));
            await ArmedAsync(clock, Noon.AddHours(2));
        }

        Assert.Empty(runs.All);
    }

    [Fact]
    public async Task A_timer_may_run_at_start_up()
    {
        var clock = new ManualTimeProvider(Noon);
        var runs = new Runs();
        await using var host = await RunningHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(runs);
                builder.UseFunctions(typeof(StartUpTimer));
            },
            time: clock);
        Assert.False((await runs.NextAsync()).IsPastDue);
    }

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2026-03-01T{time}Z");

    private static Task<RunningHost> StartAsync(ManualTimeProvider clock, Runs runs, TemporaryFolder? folder = null, string tick = "0 */5 * * * *") => RunningHost.StartAsync(
        builder =>
        {
            builder.Services.AddSingleton(runs);
            builder.UseFunctions(typeof(Ticker));
        },
        time: clock,
        folder: folder,
        environment: new Dictionary<string, string> { ["TICK"] = tick });

    /// <summary>Waits until the listener sleeps until then; yields instead of sleeping, as the clock stands still.</summary>
    private static async Task ArmedAsync(ManualTimeProvider clock, DateTimeOffset due)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (clock.NextTimer != due)
        {
            Assert.False(patience.IsCancellationRequested, $"armed for {clock.NextTimer:O}, not {due:O}");
            await Task.Yield();
        }
    }

    public sealed class Runs
    {
        private readonly SemaphoreSlim _arrived = new(0);
        private readonly ConcurrentQueue<TimerInfo> _new = new();

        public ConcurrentQueue<TimerInfo> All { get; } = new();

        public TaskCompletionSource? Hold { get; set; }

        public async Task AddAsync(TimerInfo run)
        {
            All.Enqueue(run);
            _new.Enqueue(run);
            _arrived.Release();
            if (Hold is { } hold)
            {
                await hold.Task;
            }
        }

        public async Task<TimerInfo> NextAsync()
        {
            Assert.True(await _arrived.WaitAsync(TimeSpan.FromSeconds(20)), "the timer did not run");
            return _new.TryDequeue(out var run) ? run : throw new InvalidOperationException();
        }
    }

    public sealed class Ticker(Runs runs)
    {
        [Function("Tick")]
        public Task RunAsync([TimerTrigger("%TICK%")] TimerInfo timer, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            return runs.AddAsync(timer);
        }
    }

    public sealed class StartUpTimer(Runs runs)
    {
        [Function("StartUp")]
        public Task RunAsync([TimerTrigger("0 0 0 1 1 *", RunOnStartup = true)] TimerInfo timer) => runs.AddAsync(timer);
    }
}
