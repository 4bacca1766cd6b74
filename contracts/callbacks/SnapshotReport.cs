namespace SnapshotWorkflows.Contracts;

/// <summary>The body of a callback: how a snapshot ended. The same bytes at every try, so that the receiver can tell repetitions.</summary>
public sealed record SnapshotReport
{
    public const string Ended = "snapshot.ended";

    /// <summary>Always the same for one snapshot.</summary>
    public required string EventId { get; init; }

    public required string Event { get; init; }

    public required string Id { get; init; }

    public required string VolumeId { get; init; }

    public string? Name { get; init; }

    public required SnapshotState State { get; init; }

    public string? Consistency { get; init; }

    public VerifiedMark? Verified { get; init; }

    public DateTimeOffset? TakenAt { get; init; }

    public string? Destination { get; init; }

    public string? Manifest { get; init; }

    public string? Location { get; init; }

    public string? Root { get; init; }

    public long? DiskBytes { get; init; }

    public StepNotice? Failure { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

/// <summary>What ReportSnapshot is started with.</summary>
/// <param name="Snapshot">Key of what has ended.</param>
/// <param name="Report">Null where it is no snapshot: <see cref="Work"/> then tells.</param>
public sealed record ReportSnapshotInput(RequestKey Snapshot, string CallbackUrl, SnapshotReport? Report)
{
    /// <summary>How a group, a restore or a policy's run has ended.</summary>
    public WorkReport? Work { get; init; }

    public RequestKey Instance => new(NameUuid.From($"report\n{Snapshot.Value}").ToString("N"));
}

public sealed record ReportedSnapshot(bool Delivered, string? Why);
