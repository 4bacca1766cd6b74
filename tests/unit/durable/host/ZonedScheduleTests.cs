using System.Globalization;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Durable.Host.Timers;
using SnapshotWorkflows.Functions.Worker;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>Berlin: at 2026-03-29 01:00Z the clocks go from 02:00 to 03:00, at 2026-10-25 01:00Z from 03:00 back to 02:00.</summary>
public sealed class ZonedScheduleTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("0 0 9 * * *", "2026-01-10T00:00:00Z", "2026-01-10T08:00:00Z")]
    [InlineData("0 0 9 * * *", "2026-07-10T00:00:00Z", "2026-07-10T07:00:00Z")]
    [InlineData("0 0 9 * * *", "2026-03-28T09:00:00Z", "2026-03-29T07:00:00Z")]
    // 02:30 is skipped: it runs when the gap is over, and the day after at its time.
    [InlineData("0 30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("0 30 2 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z")]
    // 02:00 itself lies in the gap, 03:00 does not; both fall on one moment.
    [InlineData("0 0 2,3 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("0 0 2,3 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z")]
    // 02:30 comes twice: the first counts.
    [InlineData("0 30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z")]
    [InlineData("0 30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")]
    [InlineData("0 30 2 * * *", "2026-10-25T01:10:00Z", "2026-10-26T01:30:00Z")]
    [InlineData("0 0 3 * * *", "2026-10-25T01:10:00Z", "2026-10-25T02:00:00Z")]
    // Every hour follows the time that passes.
    [InlineData("0 0 * * * *", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("0 30 * * * *", "2026-03-29T00:45:00Z", "2026-03-29T01:30:00Z")]
    [InlineData("0 30 * * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")]
    [InlineData("0 */20 * * * *", "2026-10-25T00:40:00Z", "2026-10-25T01:00:00Z")]
    // A leap day years away, over many changes.
    [InlineData("0 0 12 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T11:00:00Z")]
    public void Local_times_are_kept_where_clocks_change(string schedule, string after, string next) =>
        Assert.Equal(Utc(next), TimerSchedule.Find(schedule, Berlin)!.Next(Utc(after)));

    [Theory]
    [InlineData("0 15 2 * * *", 365)]
    [InlineData("0 0 0 * * *", 365)]
    public void A_daily_time_runs_once_a_day_all_year(string schedule, int runs) => Assert.Equal(runs, Count(TimerSchedule.Find(schedule, Berlin)!));

    [Fact]
    public void An_hourly_one_runs_each_hour_that_passes() => Assert.Equal(365 * 24, Count(TimerSchedule.Find("0 10 * * * *", Berlin)!));

    [Fact]
    public void An_interval_knows_no_zone() =>
        Assert.Equal(Utc("2026-03-29T02:30:00Z"), TimerSchedule.Find("02:00:00", Berlin)!.Next(Utc("2026-03-29T00:30:00Z")));

    [Fact]
    public async Task A_zone_that_the_machine_does_not_know_stops_the_start()
    {
        var refused = await Assert.ThrowsAsync<HostStartupException>(() => RunningHost.StartAsync(
            builder => builder.UseFunctions(typeof(Nightly)), environment: new Dictionary<string, string> { ["WEBSITE_TIME_ZONE"] = "Mars/Olympus" }));
        Assert.Equal("setting.timeZone", refused.Code);
        Assert.Contains("Mars/Olympus", refused.Message);
    }

    /// <summary>The local year, from its first moment.</summary>
    private static int Count(TimerSchedule schedule)
    {
        var (time, end, runs) = (Utc("2025-12-31T22:59:59Z"), Utc("2026-12-31T22:59:59Z"), 0);
        while ((time = schedule.Next(time)) <= end)
        {
            runs++;
        }

        return runs;
    }

    private static DateTime Utc(string time) => DateTime.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);

    public sealed class Nightly
    {
        [Function("Nightly")]
        public void Run([TimerTrigger("0 0 2 * * *")] TimerInfo timer) => ArgumentNullException.ThrowIfNull(timer);
    }
}
