using System.Globalization;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>
/// Refuses schedules that the library takes for something else than what stands there (NCrontab 3: a step of 0 is one of 1, a step beyond the field is its first value, a range is turned round when
/// it runs backwards), and those that never come. Asked of a new policy only: one that is stored goes on as it ran.
/// </summary>
internal static class MeantSchedule
{
    private static readonly Field[] s_fields =
    [
        new("second", 0, 60, []),
        new("minute", 0, 60, []),
        new("hour", 0, 24, []),
        new("day", 1, 31, []),
        new("month", 1, 12, CultureInfo.InvariantCulture.DateTimeFormat.MonthNames),
        new("weekday", 0, 7, CultureInfo.InvariantCulture.DateTimeFormat.DayNames),
    ];

    /// <exception cref="BadRequestException"><c>policy.schedule</c>.</exception>
    public static void Require(string schedule, PolicySchedule parsed)
    {
        var written = schedule.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        foreach (var (text, field) in written.Zip(s_fields[^written.Length..]))
        {
            foreach (var term in text.Split(',')) Require(term, field, schedule);
        }

        if (parsed.Next(DateTimeOffset.UnixEpoch) is null) throw Unmeant(schedule, "it never comes: no month has such a day", "Give a day that its months have.");
    }

    private static void Require(string term, Field field, string schedule)
    {
        var (range, step) = term.Split('/') is [var before, var after] ? (before, after) : (term, null);
        if (step is not null && !(int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var every) && every >= 1 && every <= field.Count))
            throw Unmeant(schedule, $"its {field.Name} has a step of {step}", $"Give a step from 1 to {field.Count}.");
        if (range.Split('-') is [var first, var last] && field.ValueOf(first) > field.ValueOf(last))
            throw Unmeant(schedule, $"its {field.Name} has the range {range}, which runs backwards", "Give two ranges with a comma between them, such as 22-23,0-2.");
    }

    private static BadRequestException Unmeant(string schedule, string why, string remedy) => new("policy.schedule", $"'{schedule}' cannot be meant: {why}.", remedy);

    /// <param name="Count">How many values it has.</param>
    /// <param name="Names">Any beginning of one stands for it, as the library reads them.</param>
    private sealed record Field(string Name, int Least, int Count, string[] Names)
    {
        public int ValueOf(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : Least + Array.FindIndex(Names, name => name.StartsWith(text, StringComparison.OrdinalIgnoreCase));
    }
}
