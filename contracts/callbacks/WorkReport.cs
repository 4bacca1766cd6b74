namespace SnapshotWorkflows.Contracts;

/// <summary>The body of a callback about a group, a restore or a policy's run: how it ended. The same bytes at every try; what does not belong to the event is left out.</summary>
public sealed record WorkReport
{
    public const string GroupEnded = "group.ended";
    public const string RestoreEnded = "restore.ended";
    public const string PolicyRunEnded = "policy.ended";

    /// <summary>Failures of a policy's run that are named; <see cref="Failed"/> counts all.</summary>
    public const int FailuresMax = 100;

    /// <summary>Always the same for one group, restore or run.</summary>
    public required string EventId { get; init; }

    public required string Event { get; init; }

    public required string Id { get; init; }

    /// <summary>As GET of it says; of a run Done, Failed (some of its volumes have no copy) or Cancelled.</summary>
    public required string State { get; init; }

    public StepNotice? Failure { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    public string? VmId { get; init; }

    public string? Consistency { get; init; }

    public DateTimeOffset? TakenAt { get; init; }

    public string? Destination { get; init; }

    public string? Manifest { get; init; }

    public IReadOnlyList<GroupMember>? Members { get; init; }

    /// <summary>The snapshot that was restored.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>CloudStack's volume that was to be filled.</summary>
    public string? TargetVolumeId { get; init; }

    /// <summary>The new volume that was made, by the array's ids: for operators, so no callback tells it.</summary>
    public RestoredVolume? Volume { get; init; }

    public string? Root { get; init; }

    /// <summary>The volume to be filled holds part of the copy, and no more what it held.</summary>
    public bool? TargetTouched { get; init; }

    public string? Policy { get; init; }

    /// <summary>When the schedule wanted the run, or when it was asked for.</summary>
    public DateTimeOffset? At { get; init; }

    public int? Taken { get; init; }

    public int? Failed { get; init; }

    public IReadOnlyList<PolicyRunFailure>? Failures { get; init; }
}
