using System.ComponentModel.DataAnnotations;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>How a running copy is watched. Bound from section Copy.</summary>
public sealed class CopyOptions
{
    /// <summary>Longest time between two looks at the copy's task; the first looks come sooner. CloudStack looks each second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00", ErrorMessage = "Copy:PollInterval must be from 10 milliseconds to 10 minutes.")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How a streamed copy reads the clone: <c>auto</c> (NBD where the pool offers it, the export where not), <c>nbd</c> or <c>export</c>.</summary>
    [RegularExpression("^(auto|nbd|export)$", ErrorMessage = "Copy:Source is auto, nbd or export.")]
    public string Source { get; set; } = CopySources.Auto;

    /// <summary>A copy whose progress stands still for this long is given up and made anew.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00", ErrorMessage = "Copy:StallLimit must be from one second to 30 days.")]
    public TimeSpan StallLimit { get; set; } = TimeSpan.FromHours(1);
}
