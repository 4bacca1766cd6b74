using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

public sealed class PolicyScheduleTests
{
    [Fact]
    public void Occurrences_are_in_the_wall_clock_time_of_the_zone()
    {
        var schedule = PolicySchedule.Parse("30 2 * * *", "Europe/Berlin");
        Assert.Equal(Utc(2026, 7, 2, 0, 30), schedule.Next(Utc(2026, 7, 1, 12, 0)));
        Assert.Equal(Utc(2026, 12, 2, 1, 30), schedule.Next(Utc(2026, 12, 1, 12, 0)));
    }

    [Fact]
    public void A_time_in_the_gap_comes_at_its_end_and_once()
    {
        // 29 March 2026: 02:00 becomes 03:00 in Berlin, at 01:00 UTC.
        var nightly = PolicySchedule.Parse("30 2 * * *", "Europe/Berlin");
        Assert.Equal(Utc(2026, 3, 29, 1, 0), nightly.Next(Utc(2026, 3, 28, 12, 0)));
        Assert.Equal(Utc(2026, 3, 30, 0, 30), nightly.Next(Utc(2026, 3, 29, 1, 0)));
        var quarterly = PolicySchedule.Parse("*/15 2 * * *", "Europe/Berlin");
        Assert.Equal((Utc(2026, 3, 29, 1, 0), 1), quarterly.LatestDue(Utc(2026, 3, 29, 0, 0), Utc(2026, 3, 29, 2, 0)));
    }

    [Fact]
    public void A_repeated_time_comes_once()
    {
        // 25 October 2026: 03:00 becomes 02:00 in Berlin, at 01:00 UTC.
        var nightly = PolicySchedule.Parse("30 2 * * *", "Europe/Berlin");
        Assert.Equal(Utc(2026, 10, 25, 0, 30), nightly.Next(Utc(2026, 10, 24, 12, 0)));
        Assert.Equal(Utc(2026, 10, 26, 1, 30), nightly.Next(Utc(2026, 10, 25, 0, 30)));
    }

    [Fact]
    public void What_was_missed_is_counted_and_only_the_latest_is_named()
    {
        var hourly = PolicySchedule.Parse("0 * * * *", "UTC");
        Assert.Equal((Utc(2026, 5, 1, 17, 0), 5), hourly.LatestDue(Utc(2026, 5, 1, 12, 0), Utc(2026, 5, 1, 17, 59)));
        Assert.Null(hourly.LatestDue(Utc(2026, 5, 1, 12, 0), Utc(2026, 5, 1, 12, 59)));
    }

    [Fact]
    public void A_date_that_never_comes_has_no_next() => Assert.Null(PolicySchedule.Parse("0 0 31 2 *", "UTC").Next(Utc(2026, 1, 1, 0, 0)));

    [Theory]
    [InlineData("every day", "UTC", "policy.schedule")]
    [InlineData("61 * * * *", "UTC", "policy.schedule")]
    [InlineData("0 2 * * *", "Mars/Olympus", "policy.time-zone")]
    [InlineData("* 0 2 * * *", "UTC", "policy.too-often")]
    public void What_cannot_be_meant_is_refused(string schedule, string zone, string code) =>
        Assert.Equal(code, Assert.Throws<BadRequestException>(() => PolicySchedule.Parse(schedule, zone)).Code);

    private static DateTimeOffset Utc(int year, int month, int day, int hour, int minute) => new(year, month, day, hour, minute, 0, TimeSpan.Zero);
}
