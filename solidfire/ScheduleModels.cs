using System.Text.Json.Serialization;

namespace SnapshotWorkflows.SolidFire;

/// <summary>How often a schedule runs. Times are UTC; the cluster looks every five minutes.</summary>
public abstract record ScheduleFrequency
{
    private ScheduleFrequency()
    {
    }

    /// <summary>Every so many minutes, 5 at least.</summary>
    public sealed record Interval(TimeSpan Every) : ScheduleFrequency;

    /// <summary>On days of the week, at a time of the day.</summary>
    public sealed record Weekly(IReadOnlyList<DayOfWeek> Days, TimeOnly At) : ScheduleFrequency;

    /// <summary>On days of the month (1 to 31), at a time of the day.</summary>
    public sealed record Monthly(IReadOnlyList<int> Days, TimeOnly At) : ScheduleFrequency;
}

/// <summary>Snapshots that the cluster shall take by itself.</summary>
public sealed record NewSchedule
{
    /// <summary>1 to 244 characters.</summary>
    public required string Name { get; init; }

    public required ScheduleFrequency Frequency { get; init; }

    /// <summary>One volume gives snapshots, several give group snapshots.</summary>
    public required IReadOnlyList<long> VolumeIds { get; init; }

    /// <summary>All snapshots of the schedule bear this name; null: the time they were taken at.</summary>
    public string? SnapshotName { get; init; }

    /// <summary>How long each is kept; null with <see cref="Fifo"/> false: for ever.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>Whether the oldest goes when there is no room for the newest.</summary>
    public bool Fifo { get; init; }

    public bool Recurring { get; init; } = true;

    public bool Paused { get; init; }
}

/// <summary>A schedule as the cluster tells it.</summary>
public sealed record SnapshotSchedule
{
    [JsonPropertyName("scheduleID")] public required long ScheduleId { get; init; }

    /// <summary>Not unique.</summary>
    [JsonPropertyName("scheduleName")] public required string Name { get; init; }

    [JsonPropertyName("paused")] public bool Paused { get; init; }
    [JsonPropertyName("recurring")] public bool Recurring { get; init; }
    [JsonPropertyName("hasError")] public bool HasError { get; init; }

    /// <summary>"Success" before the first run already; only together with <see cref="LastRunAt"/> does it mean anything.</summary>
    [JsonPropertyName("lastRunStatus")] public string? LastRunStatus { get; init; }

    [JsonPropertyName("lastRunTimeStarted")] public DateTimeOffset? LastRunAt { get; init; }
    [JsonPropertyName("scheduleInfo")] public ScheduleInfo Info { get; init; } = new();
}

/// <summary>What a schedule takes snapshots of. The ids come as text.</summary>
public sealed record ScheduleInfo
{
    [JsonPropertyName("volumeID")] public long? VolumeId { get; init; }
    [JsonPropertyName("volumes")] public IReadOnlyList<long>? VolumeIds { get; init; }
    [JsonPropertyName("name")] public string? SnapshotName { get; init; }

    /// <summary><c>HH:mm:ss</c>, or <c>fifo</c>.</summary>
    [JsonPropertyName("retention")] public string? Retention { get; init; }
}
