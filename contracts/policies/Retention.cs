using System.Globalization;

namespace SnapshotWorkflows.Contracts;

/// <summary>
/// Judges the copies of one volume by a rule. Only good copies count. The newest good one is always kept, as is everything held; a copy that is not good is neither
/// counted nor let go: it may be all that is left of something, and a person decides.
/// </summary>
public static class Retention
{
    /// <param name="zone">Hours, days, weeks, months and years are those of this zone. The hour that a change of clocks repeats is two hours.</param>
    /// <returns>Newest first.</returns>
    public static IReadOnlyList<RetentionVerdict> Judge(RetentionRule rule, IEnumerable<RetentionCandidate> copies, TimeZoneInfo zone, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(zone);
        var all = copies.OrderByDescending(copy => copy.TakenAt).ThenByDescending(copy => copy.Key.Value, StringComparer.Ordinal).ToList();
        var good = all.Where(copy => copy.Good).ToList();
        var reasons = all.ToDictionary(copy => copy.Key, _ => new List<string>());
        if (good.Count > 0) reasons[good[0].Key].Add("the newest good copy");

        var young = rule.MaxAge is { } age ? good.Where(copy => now - copy.TakenAt <= age).ToList() : good;
        if (!rule.HasCounts)
        {
            foreach (var copy in young) reasons[copy.Key].Add(rule.MaxAge is null ? "the policy keeps everything" : "younger than maxAge");
        }

        foreach (var (copy, n) in young.Take(rule.Last ?? 0).Select((copy, n) => (copy, n + 1))) reasons[copy.Key].Add($"last {n} of {rule.Last}");
        Claim("hourly", rule.Hourly, local => (local.Date.AddHours(local.Hour), local.Offset));
        Claim("daily", rule.Daily, local => (local.Date, default));
        Claim("weekly", rule.Weekly, local => (ISOWeek.ToDateTime(ISOWeek.GetYear(local.DateTime), ISOWeek.GetWeekOfYear(local.DateTime), DayOfWeek.Monday), default));
        Claim("monthly", rule.Monthly, local => (new DateTime(local.Year, local.Month, 1), default));
        Claim("yearly", rule.Yearly, local => (new DateTime(local.Year, 1, 1), default));

        return [.. all.Select(copy => Verdict(copy, reasons[copy.Key], rule, now))];

        void Claim(string unit, int? count, Func<DateTimeOffset, (DateTime Start, TimeSpan Offset)> bucketOf)
        {
            if (count is not { } limit) return;
            var buckets = new HashSet<(DateTime, TimeSpan)>();
            foreach (var copy in young)
            {
                if (buckets.Count == limit) return;
                if (buckets.Add(bucketOf(TimeZoneInfo.ConvertTime(copy.TakenAt, zone)))) reasons[copy.Key].Add($"{unit} {buckets.Count} of {limit}");
            }
        }
    }

    private static RetentionVerdict Verdict(RetentionCandidate copy, List<string> reasons, RetentionRule rule, DateTimeOffset now)
    {
        if (copy.Held) reasons.Add("legal hold");
        if (!copy.Good) reasons.Add("not a good copy: it is not counted, and a person decides");
        return reasons.Count > 0
            ? new RetentionVerdict(copy.Key, copy.TakenAt, Keep: true, reasons) { Counts = copy is { Good: true, Held: false }, NotGood = !copy.Good }
            : new RetentionVerdict(copy.Key, copy.TakenAt, Keep: false, [rule.MaxAge is { } age && now - copy.TakenAt > age ? "older than maxAge" : "no count of the policy claims it"]) { Counts = true };
    }
}
