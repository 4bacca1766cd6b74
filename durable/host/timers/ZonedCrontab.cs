using NCrontab;

namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>
/// An NCRONTAB expression in local time. Where the clocks change, as in Vixie's cron: a time of day that is skipped runs as soon as the gap is over; one that
/// comes twice runs at its first coming only. An expression for every hour (hour field <c>*</c> or <c>*/n</c>) follows the time that passes instead: it runs in
/// both passes of a repeated hour, and makes up for nothing.
/// </summary>
internal sealed class ZonedCrontab(CrontabSchedule crontab, TimeZoneInfo zone, bool everyHour)
{
    /// <summary>No zone repeats more of a day than this.</summary>
    private static readonly TimeSpan LongestRepeat = TimeSpan.FromHours(3);

    private static readonly TimeSpan Stride = TimeSpan.FromHours(6);

    public DateTime Next(DateTime time)
    {
        var from = DateTime.SpecifyKind(time, DateTimeKind.Utc);
        var offset = zone.GetUtcOffset(from);
        var local = AfterRepeat(from, offset) ?? from + offset;
        while (true)
        {
            var occurrence = crontab.GetNextOccurrence(DateTime.SpecifyKind(local, DateTimeKind.Unspecified), DateTime.MaxValue);
            if (occurrence == DateTime.MaxValue)
            {
                return DateTime.MaxValue;
            }

            var next = DateTime.SpecifyKind(occurrence - offset, DateTimeKind.Utc);
            if (Change(from, next, offset) is not { } change)
            {
                return next;
            }

            var after = zone.GetUtcOffset(change);
            if (after > offset && !everyHour && occurrence < change + after)
            {
                return change;
            }

            // A tick before the first moment that counts, as the search leaves out where it begins.
            local = change + (after < offset && !everyHour ? offset : after) - TimeSpan.FromTicks(1);
            from = change;
            offset = after;
        }
    }

    /// <summary>Within the second coming of a repeated hour: the local time at which that ends.</summary>
    private DateTime? AfterRepeat(DateTime time, TimeSpan offset)
    {
        if (everyHour)
        {
            return null;
        }

        var before = time - LongestRepeat;
        var former = zone.GetUtcOffset(before);
        return former > offset && Change(before, time, former) is { } change && time + offset < change + former ? change + former - TimeSpan.FromTicks(1) : null;
    }

    /// <summary>The first moment after <paramref name="from"/> and up to <paramref name="to"/> at which the offset differs; null when it does not.</summary>
    private DateTime? Change(DateTime from, DateTime to, TimeSpan offset)
    {
        if (!zone.SupportsDaylightSavingTime && zone.GetAdjustmentRules().Length == 0)
        {
            return null;
        }

        var same = from;
        while (same < to)
        {
            var probe = to - same > Stride ? same + Stride : to;
            if (zone.GetUtcOffset(probe) == offset)
            {
                same = probe;
                continue;
            }

            // Clocks change at whole seconds.
            while (probe - same > TimeSpan.FromSeconds(1))
            {
                var middle = same + TimeSpan.FromTicks((probe - same).Ticks / 2);
                if (zone.GetUtcOffset(middle) == offset)
                {
                    same = middle;
                }
                else
                {
                    probe = middle;
                }
            }

            return new DateTime(probe.Ticks - (probe.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
        }

        return null;
    }
}
