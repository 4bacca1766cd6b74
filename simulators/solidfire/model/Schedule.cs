using System.Globalization;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

/// <summary>A day of the week, and which of its kind in a month; only 1 is documented and it means each.</summary>
/// <param name="Day">0 = Sunday.</param>
/// <param name="Offset">Told again as it was given.</param>
internal sealed record WeekDay(long Day, long Offset);

/// <summary>When snapshots are taken by the cluster itself.</summary>
internal sealed class Schedule
{
    public required long Id { get; init; }

    public required string Name { get; set; }

    /// <summary>As the vendor spells it: Time Interval, Days Of Week, Days Of Month.</summary>
    public required string Frequency { get; set; }

    public long Hours { get; set; }

    public long Minutes { get; set; }

    public List<long> MonthDays { get; set; } = [];

    public List<WeekDay> WeekDays { get; set; } = [];

    public bool Recurring { get; set; }

    public bool Paused { get; set; }

    public bool RunNextInterval { get; set; }

    public required DateTimeOffset StartingDate { get; set; }

    /// <summary>As given, ids as text.</summary>
    public required JsonObject Info { get; set; }

    public bool HasError { get; set; }

    /// <summary>"Success" before the first run already, as on live clusters.</summary>
    public string LastRunStatus { get; set; } = "Success";

    public DateTimeOffset? LastRun { get; set; }

    public DateTimeOffset? NextRun { get; set; }

    public IReadOnlyList<long> Volumes => Info["volumes"] is JsonArray several
        ? [.. several.Select(Id64)]
        : Info["volumeID"] is { } one ? [Id64(one)] : [];

    /// <summary>The first time after the given one that the schedule is due; null when it never is again.</summary>
    public DateTimeOffset? After(DateTimeOffset time)
    {
        if (Frequency == "Time Interval")
        {
            var step = TimeSpan.FromMinutes((Hours * 60) + Minutes);
            var start = LastRun ?? StartingDate;
            return start > time ? start : time + step - TimeSpan.FromTicks((time - start).Ticks % step.Ticks);
        }

        var day = new DateTimeOffset(time.UtcDateTime.Date, TimeSpan.Zero);
        for (var i = 0; i <= 62; i++, day = day.AddDays(1))
        {
            var due = day.AddHours(Hours).AddMinutes(Minutes);
            var chosen = Frequency == "Days Of Week" ? WeekDays.Exists(chosenDay => chosenDay.Day == (int)day.DayOfWeek) : MonthDays.Contains(day.Day);
            if (chosen && due > time && due >= StartingDate)
            {
                return due;
            }
        }

        return null;
    }

    public JsonObject ToJson() => new()
    {
        ["attributes"] = new JsonObject { ["frequency"] = Frequency },
        ["hasError"] = HasError,
        ["hours"] = Hours,
        ["lastRunStatus"] = LastRunStatus,
        ["lastRunTimeStarted"] = Json.Time(LastRun),
        ["minutes"] = Minutes,
        ["monthdays"] = Json.Array(MonthDays),
        ["paused"] = Paused,
        ["recurring"] = Recurring,
        ["runNextInterval"] = RunNextInterval,
        ["scheduleID"] = Id,
        ["scheduleInfo"] = Info.DeepClone(),
        ["scheduleName"] = Name,
        ["scheduleType"] = "Snapshot",
        ["startingDate"] = Json.Time(StartingDate),
        ["toBeDeleted"] = false,
        ["weekdays"] = Json.Array(WeekDays.Select(weekday => new JsonObject { ["day"] = weekday.Day, ["offset"] = weekday.Offset })),
    };

    private static long Id64(JsonNode? node) => long.Parse(node!.ToString(), CultureInfo.InvariantCulture);
}
