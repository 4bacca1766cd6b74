using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>A restore as the API shows it.</summary>
internal sealed record RestoreView
{
    public required string Id { get; init; }

    public required string SnapshotId { get; init; }

    public string? TargetVolumeId { get; init; }

    public required RestoreState State { get; init; }

    public string? Step { get; init; }

    public StepProgress? Progress { get; init; }

    public StepNotice? Waiting { get; init; }

    public string? Root { get; init; }

    public long? DiskBytes { get; init; }

    public RestoredVolume? Volume { get; init; }

    public bool TargetTouched { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public StepNotice? Failure { get; init; }

    public required CleanupStatus Cleanup { get; init; }

    public required bool Ended { get; init; }

    /// <summary>What the caller may see: the array's ids are for operators only.</summary>
    public RestoreView For(HttpRequest request) => request.IsOperator() ? this : this with { Volume = null, Waiting = Waiting.Public(), Failure = Failure.Public(), Cleanup = Cleanup.Public() };

    public static RestoreView Of(RestoreVolumeInput input, RestoreStatus status, DateTimeOffset createdAt) => new()
    {
        Id = input.Key.Uuid,
        SnapshotId = input.Snapshot.Uuid,
        TargetVolumeId = input.TargetVolumeId,
        State = status.State,
        Step = status.Step,
        Waiting = status.Waiting,
        Root = status.Root,
        DiskBytes = status.DiskBytes,
        Volume = status.Volume,
        TargetTouched = status.TargetTouched,
        CreatedAt = createdAt,
        Failure = status.Failure,
        Cleanup = status.Cleanup,
        Ended = status.Ended,
    };
}

/// <summary>The answer to a start.</summary>
internal sealed record RestoreAccepted(RestoreView Restore, string Id, string CancelUri, HttpManagementPayload? Management);
