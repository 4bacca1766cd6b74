using System.Globalization;
using NCrontab;

namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>When a timer function runs: NCRONTAB of six (or five) fields in a time zone, or a constant interval. Times that go in and come out are UTC.</summary>
internal sealed class TimerSchedule
{
    private readonly Func<DateTime, DateTime> _next;

    private TimerSchedule(string text, Func<DateTime, DateTime> next)
    {
        Text = text;
        _next = next;
        var first = Next(DateTime.UnixEpoch);
        RecursWithinAMinute = Next(first) - first < TimeSpan.FromMinutes(1);
    }

    public string Text { get; }

    public bool RecursWithinAMinute { get; }

    /// <summary>The schedule that the text means, or null when it means none.</summary>
    /// <param name="zone">In whose local time an NCRONTAB expression is meant; an interval knows no zone.</param>
    public static TimerSchedule? Find(string text, TimeZoneInfo? zone = null)
    {
        text = text.Trim();
        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval) && text.Contains(':'))
        {
            return interval > TimeSpan.Zero ? new TimerSchedule(text, time => DateTime.SpecifyKind(time + interval, DateTimeKind.Utc)) : null;
        }

        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length is not (5 or 6)
            || CrontabSchedule.TryParse(text, new CrontabSchedule.ParseOptions { IncludingSeconds = fields.Length == 6 }) is not { } crontab)
        {
            return null;
        }

        var hour = fields[fields.Length - 4];
        var zoned = new ZonedCrontab(crontab, zone ?? TimeZoneInfo.Utc, everyHour: hour == "*" || hour.StartsWith("*/", StringComparison.Ordinal));
        return new TimerSchedule(text, zoned.Next);
    }

    /// <summary>The first occurrence after <paramref name="time"/>; <see cref="DateTime.MaxValue"/> when there is none any more.</summary>
    public DateTime Next(DateTime time) => _next(time);
}
