using System.Globalization;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Snapshots that the cluster takes by itself.</summary>
internal sealed class ScheduleCalls(Cluster cluster, SnapshotTaker taker)
{
    private static readonly string[] Frequencies = ["Time Interval", "Days Of Week", "Days Of Month"];

    public void Register(CallTable table)
    {
        cluster.RunSchedule = Run;
        table.Write("CreateSchedule", "volumes", Create, since: "8.0");
        table.Write("ModifySchedule", "volumes", Modify, since: "8.0");
        table.Read("GetSchedule", parameters => Wrap(Find(parameters)), since: "8.0");
        table.Read("ListSchedules", _ => new JsonObject { ["schedules"] = Json.Array(cluster.Schedules.Values.Select(schedule => schedule.ToJson())) }, since: "8.0");
    }

    private JsonObject Create(CallParameters parameters)
    {
        var schedule = new Schedule
        {
            Id = cluster.Ids.Schedule + 1,
            Name = Name(parameters.RequiredText("scheduleName")),
            Frequency = Frequency(parameters) ?? throw ApiError.MissingParameter("attributes"),
            StartingDate = cluster.Now,
            Info = Info(parameters) ?? throw ApiError.MissingParameter("scheduleInfo"),
        };
        CheckType(parameters);
        Read(parameters, schedule, schedule.Frequency);
        cluster.Ids.Schedule++;
        cluster.Schedules.Add(schedule.Id, schedule);
        var result = Wrap(schedule);
        result["scheduleID"] = schedule.Id;
        return result;
    }

    private JsonObject Modify(CallParameters parameters)
    {
        var schedule = Find(parameters);
        CheckType(parameters);
        if (parameters.Flag("toBeDeleted") == true)
        {
            cluster.Schedules.Remove(schedule.Id);
            var gone = schedule.ToJson();
            gone["toBeDeleted"] = true;
            return new JsonObject { ["schedule"] = gone };
        }

        var name = parameters.Text("scheduleName") is { } given ? Name(given) : schedule.Name;
        var (frequency, info) = (Frequency(parameters) ?? schedule.Frequency, Info(parameters) ?? schedule.Info);
        Read(parameters, schedule, frequency);
        (schedule.Name, schedule.Info) = (name, info);
        return Wrap(schedule);
    }

    /// <summary>Reads and checks everything before the schedule is touched.</summary>
    private void Read(CallParameters parameters, Schedule schedule, string frequency)
    {
        var hours = parameters.Integer("hours") ?? schedule.Hours;
        var minutes = parameters.Integer("minutes") ?? schedule.Minutes;
        var monthDays = parameters.Integers("monthdays")?.ToList() ?? schedule.MonthDays;
        var weekDays = parameters.Elements("weekdays")?.Select(Day).ToList() ?? schedule.WeekDays;
        var flags = (Recurring: parameters.Flag("recurring"), Paused: parameters.Flag("paused"), Next: parameters.Flag("runNextInterval"));
        var start = parameters.Time("startingDate") ?? schedule.StartingDate;
        var interval = frequency == "Time Interval";
        if (hours is < 0 or > 24 || minutes is < 0 or > 59 || (interval && (hours * 60) + minutes < 5))
        {
            throw ApiError.InvalidParameter("hours are from 0 to 24, minutes from 0 to 59; an interval has at least 5 minutes");
        }

        if ((frequency == "Days Of Month" && monthDays.Count == 0) || (frequency == "Days Of Week" && weekDays.Count == 0))
        {
            throw ApiError.InvalidParameter("Days Of Month needs monthdays, Days Of Week needs weekdays");
        }

        (schedule.Frequency, schedule.Hours, schedule.Minutes, schedule.MonthDays, schedule.WeekDays, schedule.StartingDate) = (frequency, hours, minutes, monthDays, weekDays, start);
        schedule.Recurring = flags.Recurring ?? schedule.Recurring;
        schedule.Paused = flags.Paused ?? schedule.Paused;
        schedule.RunNextInterval = flags.Next ?? schedule.RunNextInterval;
        parameters.Accept("hasError", "lastRunStatus", "lastRunTimeStarted", "scheduleID");
        // The scheduler looks every five minutes.
        schedule.NextRun = schedule.RunNextInterval ? NextTick(cluster.Now) : schedule.After(cluster.Now);
    }

    private void Run(Schedule schedule)
    {
        var info = new CallParameters((JsonObject)schedule.Info.DeepClone());
        var request = SnapshotRequest.Read(cluster, info);
        var volumes = schedule.Volumes.Select(cluster.ActiveVolume).ToList();
        var taken = taker.Take(request, volumes, copied: null);
        if (schedule.Info.ContainsKey("volumes"))
        {
            taker.Group(taken);
        }
    }

    private static DateTimeOffset NextTick(DateTimeOffset now) => new(now.Ticks - (now.Ticks % TimeSpan.FromMinutes(5).Ticks) + TimeSpan.FromMinutes(5).Ticks, TimeSpan.Zero);

    private static string Name(string name) => name.Length is >= 1 and <= 244 ? name : throw ApiError.InvalidParameter("Schedule names have 1 to 244 characters");

    private static void CheckType(CallParameters parameters)
    {
        var type = parameters.RequiredText("scheduleType");
        if (!type.Equals("snapshot", StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiError("xUnrecognizedEnumString", $"Unrecognized enum string: {type}");
        }
    }

    /// <summary>Spelled with any case, and with "of" or "Of": both are in the vendor's own texts.</summary>
    private static string? Frequency(CallParameters parameters)
    {
        if (parameters.Object("attributes")?["frequency"]?.ToString() is not { } text)
        {
            return null;
        }

        return Frequencies.FirstOrDefault(known => known.Equals(text, StringComparison.OrdinalIgnoreCase))
            ?? throw new ApiError("xUnrecognizedEnumString", $"Unrecognized enum string: {text}");
    }

    private static WeekDay Day(JsonNode node)
    {
        var members = new CallParameters(node as JsonObject ?? throw ApiError.InvalidParameterType("weekdays"));
        return new WeekDay(members.RequiredInteger("day"), members.Integer("offset") ?? 1);
    }

    /// <summary>Checked as CreateSnapshot would; ids come back as text, as on live clusters.</summary>
    private JsonObject? Info(CallParameters parameters)
    {
        if (parameters.Object("scheduleInfo") is not { } info)
        {
            return null;
        }

        var read = new CallParameters(info);
        SnapshotRequest.Read(cluster, read);
        var several = read.Integers("volumes");
        var one = read.Identifier("volumeID");
        if (several is { Count: > 0 })
        {
            several.ToList().ForEach(id => cluster.ActiveVolume(id));
            info["volumes"] = Json.Array(several.Select(id => id.ToString(CultureInfo.InvariantCulture)));
            info.Remove("volumeID");
        }
        else
        {
            var id = cluster.ActiveVolume(one ?? throw ApiError.MissingParameter("volumeID")).Id;
            info["volumeID"] = id.ToString(CultureInfo.InvariantCulture);
            info.Remove("volumes");
        }

        return info;
    }

    private Schedule Find(CallParameters parameters)
    {
        var id = parameters.RequiredInteger("scheduleID");
        return cluster.Schedules.TryGetValue(id, out var schedule) ? schedule : throw ApiError.Unknown("Schedule", id);
    }

    private static JsonObject Wrap(Schedule schedule) => new() { ["schedule"] = schedule.ToJson() };
}
