using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>A step of the clock is believed as far as something else confirms it.</summary>
public sealed class ClockWatchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("swf-clock-").FullName;
    private readonly ManualTimeProvider _truth = new();
    private readonly CatalogDatabase _catalog;

    public ClockWatchTests() => _catalog = new CatalogDatabase(Path.Combine(_folder, "catalog.db"));

    [Fact]
    public void Time_that_passed_is_believed_however_long_nobody_looked()
    {
        var watch = new ClockWatch(_catalog, _truth);
        Assert.Null(watch.Observe());
        _truth.Advance(TimeSpan.FromDays(40));
        Assert.Null(watch.Observe());
    }

    [Theory]
    [InlineData(5.9, false)]
    [InlineData(6.1, true)]
    [InlineData(-5.9, false)]
    [InlineData(-6.1, true)]
    public void A_step_is_doubted_from_six_hours_on(double hours, bool doubted)
    {
        var clock = new Set(_truth);
        var watch = new ClockWatch(_catalog, clock);
        Assert.Null(watch.Observe());
        clock.By = TimeSpan.FromHours(hours);
        var doubt = watch.Observe();
        Assert.Equal(doubted, doubt is not null);
        // The same step, seen again, is no new one.
        _truth.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(doubt, watch.Observe());
    }

    [Fact]
    public void Small_steps_are_summed_up()
    {
        var clock = new Set(_truth);
        var watch = new ClockWatch(_catalog, clock);
        for (var step = 0; step <= 6; step++)
        {
            Assert.Null(watch.Observe());
            clock.By += TimeSpan.FromHours(1);
            _truth.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.NotNull(watch.Observe());
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(7, true)]
    public void Across_a_restart_nothing_confirms_it(int hours, bool doubted)
    {
        Assert.Null(new ClockWatch(_catalog, _truth).Observe());
        _truth.Advance(TimeSpan.FromHours(hours));
        Assert.Equal(doubted, new ClockWatch(_catalog, _truth).Observe() is not null);
    }

    /// <summary>Another node's sight does not make this one's younger.</summary>
    [Fact]
    public void A_node_that_ran_all_the_time_confirms_it_for_itself()
    {
        var running = new ClockWatch(_catalog, _truth);
        Assert.Null(running.Observe());
        _truth.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(new ClockWatch(_catalog, _truth).Observe());
        _truth.Advance(TimeSpan.FromDays(2));
        Assert.Null(running.Observe());
    }

    [Fact]
    public void A_day_without_another_step_ends_the_doubt_and_another_step_begins_it_anew()
    {
        var clock = new Set(_truth);
        var watch = new ClockWatch(_catalog, clock);
        watch.Observe();
        clock.By = TimeSpan.FromDays(3);
        var first = watch.Observe()!;
        Assert.Equal(clock.GetUtcNow() + ClockWatch.Steady, first.Until);
        _truth.Advance(TimeSpan.FromHours(23));
        Assert.Equal(first.Until, watch.Observe()!.Until);
        clock.By = TimeSpan.Zero;
        Assert.NotNull(watch.Observe());
        _truth.Advance(TimeSpan.FromHours(23));
        var second = watch.Observe()!;
        // What is in doubt stays so over a restart.
        Assert.Equal(second.Until, new ClockWatch(_catalog, clock).Observe()?.Until);
        _truth.Advance(TimeSpan.FromHours(1));
        Assert.Null(new ClockWatch(_catalog, clock).Observe());
    }

    /// <summary>Whatever looks at the clock first, a judgement or the tick: the log tells each doubt of it, a server's contradiction too.</summary>
    [Fact]
    public void A_doubt_is_told_though_another_saw_it_first_and_again_each_hour()
    {
        var clock = new Set(_truth);
        var watch = new ClockWatch(_catalog, clock);
        Assert.False(watch.IsToTell(watch.Observe(), "itself"));
        clock.By = TimeSpan.FromDays(3);
        Assert.NotNull(watch.Observe());
        Assert.True(watch.IsToTell(watch.Observe(), "itself"));
        _truth.Advance(TimeSpan.FromMinutes(59));
        Assert.False(watch.IsToTell(watch.Observe(), "itself"));
        Assert.True(watch.IsToTell(watch.Observe(), "array"));
        _truth.Advance(TimeSpan.FromMinutes(1));
        Assert.True(watch.IsToTell(watch.Observe(), "itself"));
        _truth.Advance(ClockWatch.Steady);
        Assert.False(watch.IsToTell(watch.Observe(), "itself"));
    }

    /// <summary>Its clock was a year ahead, and it has left its doubt in the catalog that all nodes share. Who doubts until a date that no steady day reaches asks a person for a year.</summary>
    [Fact]
    public void The_doubt_of_a_node_whose_clock_was_ahead_ends_a_day_after_it_is_gone()
    {
        var right = new ClockWatch(_catalog, _truth);
        Assert.Null(right.Observe());
        _truth.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull(new ClockWatch(_catalog, new Set(_truth) { By = TimeSpan.FromDays(365) }).Observe());
        Assert.Equal(_truth.GetUtcNow() + ClockWatch.Steady, right.Observe()?.Until);
        _truth.Advance(TimeSpan.FromHours(23));
        Assert.NotNull(right.Observe());
        _truth.Advance(TimeSpan.FromHours(1));
        Assert.Null(right.Observe());
    }

    public void Dispose()
    {
        _catalog.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class Set(ManualTimeProvider truth) : TimeProvider
    {
        public TimeSpan By { get; set; }

        public override long TimestampFrequency => truth.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => truth.GetUtcNow() + By;

        public override long GetTimestamp() => truth.GetTimestamp();
    }
}
