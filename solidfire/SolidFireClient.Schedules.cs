using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    /// <summary>Makes a schedule. Names are not unique: list first.</summary>
    /// <returns>The new schedule's id.</returns>
    public async Task<long> CreateScheduleAsync(NewSchedule schedule, CancellationToken cancellation)
    {
        var info = schedule.VolumeIds.Count == 1 ? new JsonObject { ["volumeID"] = schedule.VolumeIds[0] } : new JsonObject { ["volumes"] = Ids(schedule.VolumeIds) };
        if (schedule.SnapshotName is { } name) info["name"] = name;
        if (schedule.Fifo) info["retention"] = "fifo";
        else if (schedule.Retention is { } span) info["retention"] = Clock(span);
        var parameters = new JsonObject
        {
            ["scheduleName"] = schedule.Name,
            ["scheduleType"] = "snapshot",
            ["recurring"] = schedule.Recurring,
            ["paused"] = schedule.Paused,
            ["scheduleInfo"] = info,
        };
        Put(parameters, schedule.Frequency);
        var reply = await WriteAsync("CreateSchedule", parameters, SolidFireJson.Default.ScheduleReply, cancellation);
        return reply.ScheduleId ?? reply.Schedule?.ScheduleId ?? throw new SolidFireOutcomeUnknownException("CreateSchedule", SolidFireErrors.AnswerLost, "The answer names no schedule.");
    }

    public async Task<IReadOnlyList<SnapshotSchedule>> ListSchedulesAsync(CancellationToken cancellation) =>
        (await ReadAsync("ListSchedules", [], SolidFireJson.Default.SchedulesReply, cancellation)).Schedules;

    /// <summary>Stops a schedule for a while, or lets it go on.</summary>
    public Task PauseScheduleAsync(long scheduleId, bool paused, CancellationToken cancellation) =>
        WriteAsync("ModifySchedule", new() { ["scheduleID"] = scheduleId, ["scheduleType"] = "snapshot", ["paused"] = paused }, SolidFireJson.Default.JsonElement, cancellation);

    /// <summary>Deletes a schedule; its snapshots stay. Already gone is success.</summary>
    /// <remarks>There is no call of that name: ModifySchedule takes <c>toBeDeleted</c>.</remarks>
    public Task DeleteScheduleAsync(long scheduleId, CancellationToken cancellation) => UnlessGoneAsync(() =>
        WriteAsync("ModifySchedule", new() { ["scheduleID"] = scheduleId, ["scheduleType"] = "snapshot", ["toBeDeleted"] = true }, SolidFireJson.Default.JsonElement, cancellation));

    private static void Put(JsonObject parameters, ScheduleFrequency frequency)
    {
        var (words, hours, minutes) = frequency switch
        {
            ScheduleFrequency.Interval interval => ("Time Interval", (int)interval.Every.TotalHours, interval.Every.Minutes),
            ScheduleFrequency.Weekly weekly => ("Days Of Week", weekly.At.Hour, weekly.At.Minute),
            ScheduleFrequency.Monthly monthly => ("Days Of Month", monthly.At.Hour, monthly.At.Minute),
            _ => throw new ArgumentOutOfRangeException(nameof(frequency)),
        };
        parameters["attributes"] = new JsonObject { ["frequency"] = words };
        parameters["hours"] = hours;
        parameters["minutes"] = minutes;
        if (frequency is ScheduleFrequency.Weekly { Days: var week })
            parameters["weekdays"] = new JsonArray([.. week.Select(day => new JsonObject { ["day"] = (int)day, ["offset"] = 1 })]);
        if (frequency is ScheduleFrequency.Monthly { Days: var month }) parameters["monthdays"] = Ids(month.Select(day => (long)day));
    }
}
