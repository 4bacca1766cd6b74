using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>A clock that was ahead, or is behind, and is set right: no wait lasts until a time that was never true, and none is over before its time.</summary>
public sealed class WrongClockTests
{
    private const int Misdated = 1119;
    private const int SetBack = 1120;

    private static readonly TimeSpan s_ahead = TimeSpan.FromDays(40);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_timer_that_was_made_under_a_clock_that_was_ahead_fires_after_its_length_once_the_clock_is_right(bool restart)
    {
        var said = new ClockWarnings();
        await using var bench = Bench(said);
        await bench.StartAsync<Sleeper>(TimeSpan.FromMinutes(10), new StartOrchestrationOptions("sleeper"));
        await bench.Engine.PumpUntilIdleAsync(Token);
        await MendAsync(bench, restart);
        var mended = bench.Clock.GetUtcNow();
        var end = await bench.Engine.PumpAsync("sleeper", Token);
        Assert.InRange(end.ReadOutputAs<DateTime>() - mended.UtcDateTime, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(11));
        Assert.Contains(Misdated, said.Ids);
        Assert.Equal(!restart, said.Ids.Contains(SetBack));
        var history = await bench.Client.GetOrchestrationHistoryAsync("sleeper", Token);
        Assert.Null(Assert.Single(history.OfType<TimerFiredEvent>()).Delay);
        HistoryReplay.CheckEveryTurn(bench.Services.GetRequiredService<DurableTaskRegistry>(), [.. history]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_retry_and_a_wait_for_an_event_are_timers_too(bool restart)
    {
        await using var bench = Bench(new ClockWarnings());
        await bench.StartAsync<Retrying>(2, new StartOrchestrationOptions("retrying"));
        await bench.StartAsync("Asks");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await MendAsync(bench, restart);
        var mended = bench.Clock.GetUtcNow();
        Assert.StartsWith("at last", (await bench.Engine.PumpAsync("retrying", Token)).ReadOutputAs<string>(), StringComparison.Ordinal);
        Assert.Equal("nobody", (await bench.Engine.PumpAsync("asks", Token)).ReadOutputAs<string>());
        Assert.InRange(bench.Clock.GetUtcNow() - mended, TimeSpan.FromHours(1), TimeSpan.FromHours(2));
    }

    /// <summary>Whoever gave a point in time meant that, however wrong the clock was then.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_point_in_time_stays_that_point(bool restart)
    {
        await using var bench = Bench(new ClockWarnings());
        var until = bench.Clock.GetUtcNow().UtcDateTime.AddDays(3);
        await bench.StartAsync("Until", until);
        await bench.Engine.PumpUntilIdleAsync(Token);
        await MendAsync(bench, restart);
        Assert.Equal(until, (await bench.Engine.PumpAsync("until", Token)).ReadOutputAs<DateTime>());
    }

    [Theory]
    [InlineData(9.0, false)]
    [InlineData(9.0, true)]
    [InlineData(-3600.0, false)] // the clock was behind
    [InlineData(-3600.0, true)]
    public async Task Clocks_that_differ_by_no_more_than_they_may_and_those_that_were_behind_change_nothing(double secondsAhead, bool restart)
    {
        var said = new ClockWarnings();
        await using var bench = Bench(said);
        var fireAt = bench.Clock.GetUtcNow().AddHours(5);
        await bench.StartAsync<Sleeper>(TimeSpan.FromHours(5), new StartOrchestrationOptions("sleeper"));
        await bench.Engine.PumpUntilIdleAsync(Token);
        await MendAsync(bench, restart, TimeSpan.FromSeconds(secondsAhead));
        Assert.Equal(fireAt.UtcDateTime, (await bench.Engine.PumpAsync("sleeper", Token)).ReadOutputAs<DateTime>());
        Assert.Empty(said.Ids);
    }

    /// <summary>A machine without a battery for its clock begins years back, and is set right a moment later.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task A_clock_that_is_behind_at_a_start_and_leaps_forward_fires_nothing_early(int hotInstances)
    {
        await using var bench = Bench(new ClockWarnings());
        bench.Configure = options => options.MaxHotInstances = hotInstances;
        var fireAt = bench.Clock.GetUtcNow().AddDays(30);
        await bench.StartAsync<Sleeper>(TimeSpan.FromDays(30), new StartOrchestrationOptions("sleeper"));
        await bench.Engine.PumpUntilIdleAsync(Token);
        await MendAsync(bench, restart: true, TimeSpan.FromDays(20_000));
        await bench.Engine.PumpUntilIdleAsync(Token);
        bench.Clock.Jump(TimeSpan.FromDays(20_001));
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await bench.GetAsync("sleeper")).RuntimeStatus);
        Assert.Equal(fireAt.UtcDateTime, (await bench.Engine.PumpAsync("sleeper", Token)).ReadOutputAs<DateTime>());
    }

    [Fact]
    public async Task The_length_counts_once_though_the_instance_is_out_of_memory_and_again_after_a_restart()
    {
        var said = new ClockWarnings();
        await using var bench = Bench(said);
        bench.Configure = options => options.MaxHotInstances = 0;
        var recorded = bench.Clock.GetUtcNow().AddDays(20);
        await bench.StartAsync<Sleeper>(TimeSpan.FromDays(20), new StartOrchestrationOptions("sleeper"));
        await bench.Engine.PumpUntilIdleAsync(Token);
        await MendAsync(bench, restart: true);
        for (var days = 0; days < 15; days += 5)
        {
            await bench.Engine.PumpUntilIdleAsync(Token);
            bench.Clock.Advance(TimeSpan.FromDays(5));
            // An event that nobody waits for has the instance read again each time.
            await bench.Client.RaiseEventAsync("sleeper", "noise", days, Token);
        }
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.RestartAsync();
        await bench.Engine.PumpUntilIdleAsync(Token);
        bench.Clock.Advance(TimeSpan.FromDays(19));
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await bench.GetAsync("sleeper")).RuntimeStatus);
        var end = await bench.Engine.PumpAsync("sleeper", Token);
        // 15 days before the restart and 20 after it, and no later than what stands in the hub.
        Assert.True(end.ReadOutputAs<DateTime>() <= recorded.UtcDateTime);
        Assert.InRange(bench.Clock.GetUtcNow(), recorded - s_ahead + TimeSpan.FromDays(15), recorded - s_ahead + TimeSpan.FromDays(15.1));
        Assert.Equal(2, said.Ids.Count(id => id == Misdated));
    }

    [Fact]
    public async Task A_timer_that_is_open_after_a_rewind_is_mended_as_well()
    {
        var mayGo = false;
        await using var bench = Bench(new ClockWarnings(), registry => registry.AddActivityFunc<string, string>("Fails", (_, _) => mayGo ? "went" : throw new InvalidOperationException("not yet"))
            .AddOrchestrator("Both", default, () => new Code(async context =>
            {
                var timer = context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                var went = await context.CallActivityAsync<string>("Fails", "x");
                await timer;
                return went;
            })));
        await bench.StartAsync("Both");
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await bench.GetAsync("both")).RuntimeStatus);
        mayGo = true;
        await bench.Client.RewindInstanceAsync("both", "again", Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        await MendAsync(bench, restart: true);
        var mended = bench.Clock.GetUtcNow();
        Assert.Equal("went", (await bench.Engine.PumpAsync("both", Token)).ReadOutputAs<string>());
        Assert.InRange(bench.Clock.GetUtcNow() - mended, TimeSpan.FromHours(1), TimeSpan.FromHours(1.1));
    }

    /// <summary>Starts that a rate holds back wait by the clock, in memory only.</summary>
    [Fact]
    public async Task A_rate_lets_the_next_call_through_when_its_time_has_passed_though_the_clock_was_set_back()
    {
        await using var bench = Bench(new ClockWarnings(), registry => registry.AddActivity<Step>().AddOrchestrator("Many", default, () => new Code(async context =>
            (await Task.WhenAll(Enumerable.Range(0, 3).Select(number => context.CallActivityAsync<string>(nameof(Step), $"{number}")))).Length)));
        bench.Configure = options => options.ActivityLimits[nameof(Step)] = new ActivityLimit(MaxStarts: 1, Period: TimeSpan.FromMinutes(1));
        await bench.StartAsync("Many");
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Single(bench.Journal.Lines);
        await MendAsync(bench, restart: false);
        var mended = bench.Clock.GetUtcNow();
        Assert.Equal(3, (await bench.Engine.PumpAsync("many", Token)).ReadOutputAs<int>());
        Assert.InRange(bench.Clock.GetUtcNow() - mended, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3));
    }

    /// <summary>So does whatever is tried again after a moment: an entity whose batch broke, here by a log that failed once.</summary>
    [Fact]
    public async Task What_is_tried_again_in_a_moment_is_tried_though_the_clock_was_set_back()
    {
        var said = new ClockWarnings { FailsAt = 1121 };
        await using var bench = Bench(said, registry => registry.AddEntity("Pot", _ => new Pot()).AddOrchestrator("Calls", default, () => new Code(async context =>
        {
            try
            {
                return await context.Entities.CallEntityAsync<int>(new EntityInstanceId("Pot", "p"), "Break");
            }
            catch (EntityOperationFailedException failure)
            {
                return failure.FailureDetails.ErrorMessage;
            }
        })));
        await bench.StartAsync("Calls");
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(0, said.FailsAt);
        await MendAsync(bench, restart: false);
        var mended = bench.Clock.GetUtcNow();
        Assert.Equal("broken", (await bench.Engine.PumpAsync("calls", Token)).ReadOutputAs<string>());
        Assert.InRange(bench.Clock.GetUtcNow() - mended, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    private sealed class Pot : TaskEntity<int>
    {
        public int Break() => throw new InvalidDataException("broken");
    }

    private static EngineBench Bench(ClockWarnings said, Action<DurableTaskRegistry>? register = null) => new(register ?? (registry => registry
        .AddOrchestrator<Sleeper>().AddOrchestrator<Retrying>().AddActivity<Flaky>()
        .AddOrchestrator("Asks", default, () => new Code(async context =>
        {
            try
            {
                return await context.WaitForExternalEvent<string>("answer", TimeSpan.FromHours(1));
            }
            catch (OperationCanceledException)
            {
                return "nobody";
            }
        }))
        .AddOrchestrator("Until", default, () => new Code(async context =>
        {
            await context.CreateTimer(context.GetInput<DateTime>(), CancellationToken.None);
            return context.CurrentUtcDateTime;
        }))))
    {
        ConfigureServices = services => services.AddSingleton<ILoggerFactory>(said),
    };

    /// <summary>The clock shows the right time again, with the process or before the next one begins.</summary>
    private static async Task MendAsync(EngineBench bench, bool restart, TimeSpan? ahead = null)
    {
        if (restart)
            await bench.RestartAsync();
        bench.Clock.Jump(-(ahead ?? s_ahead));
    }

    /// <summary>The ids of the warnings that an engine has written of its clock.</summary>
    private sealed class ClockWarnings : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<int> Ids { get; } = [];

        /// <summary>The line with this id cannot be written, once.</summary>
        public int FailsAt { get; set; }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("the lines are kept here");

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (FailsAt != 0 && eventId.Id == FailsAt)
            {
                FailsAt = 0;
                throw new IOException("no place for lines");
            }
            if (eventId.Id is Misdated or SetBack)
                Ids.Enqueue(eventId.Id);
        }

        public void Dispose()
        {
            // Nothing of its own.
        }
    }
}
