using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

public sealed class RetentionTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeZoneInfo s_berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Fact]
    public void Counts_claim_the_newest_copy_of_each_hour_day_and_week_that_has_one()
    {
        // Every six hours for ninety days.
        var copies = Enumerable.Range(0, 360).Select(i => Copy(i, s_now.AddHours(-6 * i))).ToList();
        var kept = Kept(new RetentionRule { Hourly = 3, Daily = 7, Weekly = 4, Monthly = 2 }, copies);
        Assert.Equal([s_now, s_now.AddHours(-6), s_now.AddHours(-12)], kept.Take(3).Select(verdict => verdict.TakenAt));
        Assert.Equal(7, kept.Count(verdict => verdict.Reasons.Any(reason => reason.StartsWith("daily", StringComparison.Ordinal))));
        Assert.Equal(4, kept.Count(verdict => verdict.Reasons.Any(reason => reason.StartsWith("weekly", StringComparison.Ordinal))));
        Assert.Equal(new DateTimeOffset(2026, 10, 31, 18, 0, 0, TimeSpan.Zero), kept.Single(verdict => verdict.Reasons.Contains("monthly 2 of 2")).TakenAt);
    }

    [Fact]
    public void Intervals_without_a_copy_do_not_use_up_a_count()
    {
        var copies = new[] { Copy(1, s_now), Copy(2, s_now.AddDays(-10)), Copy(3, s_now.AddDays(-20)), Copy(4, s_now.AddDays(-21)) };
        Assert.Equal([1, 2, 3], Kept(new RetentionRule { Daily = 3 }, copies).Select(Number));
    }

    [Fact]
    public void Only_good_copies_count_and_what_is_not_good_is_left_to_a_person()
    {
        var copies = new[] { Copy(1, s_now, good: false), Copy(2, s_now.AddDays(-1)), Copy(3, s_now.AddDays(-2)) };
        Assert.Equal([1, 2], Kept(new RetentionRule { Last = 1 }, copies).Select(Number));
    }

    [Fact]
    public void The_newest_good_copy_never_goes_however_old_it_is()
    {
        var copies = new[] { Copy(1, s_now.AddDays(-400)), Copy(2, s_now.AddDays(-401)) };
        Assert.Equal([1], Kept(new RetentionRule { Last = 5, MaxAge = TimeSpan.FromDays(30) }, copies).Select(Number));
        Assert.Equal([1], Kept(new RetentionRule { MaxAge = TimeSpan.FromDays(30) }, copies).Select(Number));
        Assert.Equal([1], Kept(new RetentionRule { Last = 0 }, copies).Select(Number));
    }

    [Fact]
    public void A_held_copy_stays()
    {
        var copies = new[] { Copy(1, s_now), Copy(2, s_now.AddDays(-1), held: true), Copy(3, s_now.AddDays(-2)) };
        Assert.Equal([1, 2], Kept(new RetentionRule { Last = 1 }, copies).Select(Number));
    }

    [Fact]
    public void Without_a_rule_everything_stays()
    {
        var copies = new[] { Copy(1, s_now), Copy(2, s_now.AddDays(-1000)) };
        Assert.Equal(2, Kept(new RetentionRule(), copies).Count);
    }

    [Fact]
    public void Days_are_those_of_the_zone_and_the_repeated_hour_is_two()
    {
        // 22:30 and 23:30 UTC of one day are two days in Berlin in summer.
        var summer = new DateTimeOffset(2026, 7, 1, 21, 30, 0, TimeSpan.Zero);
        Assert.Equal(2, Kept(new RetentionRule { Daily = 9 }, [Copy(1, summer), Copy(2, summer.AddHours(1))], s_berlin).Count);

        // 00:30 and 01:30 UTC on the night the clocks go back are both 02:30 in Berlin.
        var autumn = new DateTimeOffset(2026, 10, 25, 0, 30, 0, TimeSpan.Zero);
        Assert.Equal(2, Kept(new RetentionRule { Hourly = 9 }, [Copy(1, autumn), Copy(2, autumn.AddHours(1))], s_berlin).Count);
    }

    private static List<RetentionVerdict> Kept(RetentionRule rule, IEnumerable<RetentionCandidate> copies, TimeZoneInfo? zone = null) =>
        [.. Retention.Judge(rule, copies, zone ?? TimeZoneInfo.Utc, s_now).Where(verdict => verdict.Keep)];

    private static RetentionCandidate Copy(int n, DateTimeOffset at, bool good = true, bool held = false) => new(new RequestKey(n.ToString("x32")), at, good, held);

    private static int Number(RetentionVerdict verdict) => Convert.ToInt32(verdict.Key.Value, 16);
}
