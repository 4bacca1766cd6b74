namespace SnapshotWorkflows.Functions.Worker;

/// <summary>What a timer function is told.</summary>
public sealed class TimerInfo
{
    /// <summary>Null when the timer is not monitored.</summary>
    public ScheduleStatus? ScheduleStatus { get; set; }

    /// <summary>The run comes later than the schedule wanted.</summary>
    public bool IsPastDue { get; set; }
}

public sealed class ScheduleStatus
{
    public DateTime Last { get; set; }

    public DateTime Next { get; set; }

    public DateTime LastUpdated { get; set; }
}
