using System.ComponentModel.DataAnnotations;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>When what is left over goes. Bound from section Upkeep.</summary>
public sealed class UpkeepOptions
{
    /// <summary>What is younger is nobody's leak yet. At least an hour. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00", ErrorMessage = "Upkeep:LeakAge must be from one hour to a year.")]
    public TimeSpan LeakAge { get; set; } = TimeSpan.FromHours(24);

    /// <summary>A deleted clone is purged once it is deleted for so long; the array's own purge comes after 8 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00", ErrorMessage = "Upkeep:PurgeAfter must be from nothing to a year.")]
    public TimeSpan PurgeAfter { get; set; } = TimeSpan.FromHours(8);

    /// <summary>Share of the array's active block space in use from which deleted clones are purged at once. 0 to 1.</summary>
    [Range(0.0, 1.0, ErrorMessage = "Upkeep:PurgeAtUsedShare must be from 0 to 1.")]
    public double PurgeAtUsedShare { get; set; } = 0.85;

    /// <summary>Deleted volumes on the array, anybody's, from which ours are purged at once.</summary>
    [Range(1, int.MaxValue, ErrorMessage = "Upkeep:PurgeAtDeletedVolumes must be at least 1.")]
    public int PurgeAtDeletedVolumes { get; set; } = 500;

    /// <summary>Bytes of old copies that are read again each day; 0: none.</summary>
    [Range(typeof(long), "0", "9223372036854775807", ErrorMessage = "Upkeep:ScrubBytesPerDay must not be negative.")]
    public long ScrubBytesPerDay { get; set; } = 200L << 30;

    /// <summary>A copy proven this recently is not read again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00", ErrorMessage = "Upkeep:ScrubEvery must be from one second to ten years.")]
    public TimeSpan ScrubEvery { get; set; } = TimeSpan.FromDays(30);

    /// <summary>CloudStack snapshots older than this are not made up for.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00", ErrorMessage = "Upkeep:ReconcileWindow must be from nothing to ten years.")]
    public TimeSpan ReconcileWindow { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Backups of the ledger that are kept.</summary>
    [Range(1, 1000, ErrorMessage = "Upkeep:LedgerBackups must be 1 to 1000.")]
    public int LedgerBackups { get; set; } = 14;
}
