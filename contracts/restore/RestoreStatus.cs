using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Contracts;

[JsonConverter(typeof(JsonStringEnumConverter<RestoreState>))]
public enum RestoreState
{
    Allocated,
    Restoring,

    /// <summary>What is in the target was read back and is what the manifest stands for. Nothing less is ever called so.</summary>
    Restored,
    Error,
}

/// <summary>The public face of one restore: the instance's custom status.</summary>
public sealed record RestoreStatus
{
    public required RestoreState State { get; init; }

    public required string SnapshotId { get; init; }

    /// <summary>The step under way, by its activity's name; null when ended.</summary>
    public string? Step { get; init; }

    public StepNotice? Waiting { get; init; }

    /// <summary>Root of the disk as read back from the target; set with <see cref="RestoreState.Restored"/> only.</summary>
    public string? Root { get; init; }

    public long? DiskBytes { get; init; }

    public RestoredVolume? Volume { get; init; }

    /// <summary>The volume that was to be filled holds part of the copy: its former content is lost, and it is no disk to boot from.</summary>
    public bool TargetTouched { get; init; }

    public StepNotice? Failure { get; init; }

    public CleanupStatus Cleanup { get; init; } = new(Done: false, Stuck: null);

    /// <summary>True once nothing more will happen.</summary>
    public bool Ended { get; init; }
}
