using System.Globalization;
using NCrontab;

namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>When a timer function runs: NCRONTAB of six (or five) fields, or a constant interval. All times are UTC.</summary>
internal sealed class TimerSchedule
{
    private readonly CrontabSchedule? _crontab;
    private readonly TimeSpan _interval;

    private TimerSchedule(string text, CrontabSchedule? crontab, TimeSpan interval)
    {
        Text = text;
        _crontab = crontab;
        _interval = interval;
        var first = Next(DateTime.UnixEpoch);
        RecursWithinAMinute = Next(first) - first < TimeSpan.FromMinutes(1);
    }

    public string Text { get; }

    public bool RecursWithinAMinute { get; }

    /// <summary>The schedule that the text means, or null when it means none.</summary>
    public static TimerSchedule? Find(string text)
    {
        text = text.Trim();
        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval) && text.Contains(':'))
        {
            return interval > TimeSpan.Zero ? new TimerSchedule(text, null, interval) : null;
        }

        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        return fields is 5 or 6 && CrontabSchedule.TryParse(text, new CrontabSchedule.ParseOptions { IncludingSeconds = fields == 6 }) is { } crontab
            ? new TimerSchedule(text, crontab, default)
            : null;
    }

    /// <summary>The first occurrence after <paramref name="time"/>; <see cref="DateTime.MaxValue"/> when there is none any more.</summary>
    public DateTime Next(DateTime time) =>
        DateTime.SpecifyKind(_crontab?.GetNextOccurrence(time, DateTime.MaxValue) ?? time + _interval, DateTimeKind.Utc);
}
