using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Contracts;

/// <summary>What RevertVolume is started with. Stored for ever: add optional members only.</summary>
/// <param name="Key">The revert's own key, and its instance id.</param>
public sealed record RevertVolumeInput(RequestKey Key, RequestKey Snapshot, string Caller);

/// <param name="By"><c>cloudstack</c> or <c>array</c>: who put the volume back.</param>
/// <param name="SavedSnapshot">Name of the array's snapshot of what the volume held before: the way back. Null where CloudStack did it, which saves nothing.</param>
public sealed record RevertedVolume(string VolumeId, string By, string? SavedSnapshot, DateTimeOffset? SavedUntil);

[JsonConverter(typeof(JsonStringEnumConverter<RevertState>))]
public enum RevertState
{
    Allocated,
    Reverting,
    Reverted,
    Error,
}

/// <summary>The public face of one revert: the instance's custom status.</summary>
public sealed record RevertStatus
{
    public required RevertState State { get; init; }

    public required string SnapshotId { get; init; }

    public string? Step { get; init; }

    public StepNotice? Waiting { get; init; }

    public RevertedVolume? Volume { get; init; }

    /// <summary>The array or CloudStack was asked to put the volume back, or is being asked now: a wish to cancel comes too late.</summary>
    public bool Asked { get; init; }

    public StepNotice? Failure { get; init; }

    public bool Ended { get; init; }
}
