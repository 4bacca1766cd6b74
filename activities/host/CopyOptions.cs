namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>How a running copy is watched. Bound from section Copy.</summary>
public sealed class CopyOptions
{
    /// <summary>Time between two looks at the copy's task; CloudStack looks each second too.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A copy whose progress stands still for this long is given up and made anew.</summary>
    public TimeSpan StallLimit { get; set; } = TimeSpan.FromHours(1);
}
