using NCrontab;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>
/// The occurrences of a policy: NCRONTAB in the wall-clock time of a zone. A time that a change of clocks leaves out comes at the first moment after the gap, and only once;
/// a time that it repeats comes at its first pass only.
/// </summary>
internal sealed class PolicySchedule
{
    // Instants are looked for from before the longest change of clocks: a repeated hour maps later wall-clock times to earlier instants.
    private static readonly TimeSpan s_longestChange = TimeSpan.FromHours(3);

    /// <summary>Something valid to check a time zone with.</summary>
    public const string Any = "0 0 * * *";

    private readonly CrontabSchedule _crontab;
    private readonly TimeZoneInfo _zone;

    private PolicySchedule(CrontabSchedule crontab, TimeZoneInfo zone)
    {
        _crontab = crontab;
        _zone = zone;
    }

    public TimeZoneInfo Zone => _zone;

    /// <summary>Null for a policy that has none.</summary>
    public static PolicySchedule? Of(SnapshotPolicy policy) => policy.Schedule.Length > 0 ? Parse(policy.Schedule, policy.TimeZone) : null;

    /// <exception cref="BadRequestException"><c>policy.schedule</c>, <c>policy.time-zone</c>, <c>policy.too-often</c>.</exception>
    public static PolicySchedule Parse(string schedule, string timeZone)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var zone))
        {
            throw new BadRequestException("policy.time-zone", $"'{timeZone}' is no time zone that this machine knows.", "Use an IANA name such as Europe/Berlin, or UTC; the machine needs the tzdata package.");
        }

        var fields = schedule.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        if ((fields is 5 or 6 ? TryParse(schedule, fields == 6) : null) is not { } crontab)
        {
            throw new BadRequestException("policy.schedule", $"'{schedule}' is no NCRONTAB expression.", "Use five fields (minute hour day month weekday), or six with seconds first, such as '0 30 2 * * *'.");
        }

        var parsed = new PolicySchedule(crontab, zone);
        if (fields == 6 && parsed.RecursWithinAMinute())
        {
            throw new BadRequestException("policy.too-often", $"'{schedule}' comes more than once a minute.", "Give one second only, such as 0.");
        }

        return parsed;
    }

    /// <summary>The first occurrence after a moment; null when there is none any more.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        for (var local = TimeZoneInfo.ConvertTime(after, _zone).DateTime - s_longestChange; ;)
        {
            local = _crontab.GetNextOccurrence(local, DateTime.MaxValue);
            if (local == DateTime.MaxValue) return null;
            if (Instant(local) is var at && at > after) return at;
        }
    }

    /// <summary>The latest occurrence in (after, until], and how many there were; null when there was none.</summary>
    public (DateTimeOffset At, int Count)? LatestDue(DateTimeOffset after, DateTimeOffset until)
    {
        var (latest, count) = (default(DateTimeOffset), 0);
        for (var next = Next(after); next is { } at && at <= until; next = Next(at)) (latest, count) = (at, count + 1);
        return count > 0 ? (latest, count) : null;
    }

    private static CrontabSchedule? TryParse(string schedule, bool seconds)
    {
        try
        {
            return CrontabSchedule.TryParse(schedule, new CrontabSchedule.ParseOptions { IncludingSeconds = seconds });
        }
        catch (OverflowException)
        {
            // The library's own numbers are too small for one of the text's.
            return null;
        }
    }

    private DateTimeOffset Instant(DateTime local)
    {
        if (_zone.IsInvalidTime(local))
        {
            // Within the gap every minute means its end.
            var probe = local;
            while (_zone.IsInvalidTime(probe)) probe = new DateTime(probe.Year, probe.Month, probe.Day, probe.Hour, probe.Minute, 0, DateTimeKind.Unspecified).AddMinutes(1);
            local = probe;
        }

        var offset = _zone.IsAmbiguousTime(local) ? _zone.GetAmbiguousTimeOffsets(local).Max() : _zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }

    private bool RecursWithinAMinute()
    {
        var first = _crontab.GetNextOccurrence(DateTime.UnixEpoch, DateTime.MaxValue);
        return first != DateTime.MaxValue && _crontab.GetNextOccurrence(first, DateTime.MaxValue) - first < TimeSpan.FromMinutes(1);
    }
}
