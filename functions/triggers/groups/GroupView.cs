using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>A group as the API shows it; its members have views of their own.</summary>
internal sealed record GroupView
{
    public required string Id { get; init; }

    public required string VmId { get; init; }

    public string? Name { get; init; }

    /// <summary>Name of the key by which it was asked for.</summary>
    public string? Caller { get; init; }

    public required SnapshotState State { get; init; }

    public string? Step { get; init; }

    public StepNotice? Waiting { get; init; }

    public string? Consistency { get; init; }

    public double? FrozenMs { get; init; }

    public DateTimeOffset? TakenAt { get; init; }

    public required IReadOnlyList<GroupMember> Members { get; init; }

    public string? Destination { get; init; }

    public string? Manifest { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public StepNotice? Failure { get; init; }

    public required CleanupStatus Cleanup { get; init; }

    public required bool Ended { get; init; }

    /// <summary>What the caller may see of it.</summary>
    public GroupView For(HttpRequest request) => request.IsOperator()
        ? this
        : this with { Waiting = Waiting.Public(), Failure = Failure.Public(), Cleanup = Cleanup.Public(), Members = [.. Members.Select(member => member.Public())] };

    public static GroupView Of(SnapshotGroupInput input, SnapshotGroupStatus status, DateTimeOffset createdAt) => new()
    {
        Id = input.Key.Uuid,
        VmId = input.VmId,
        Name = input.Name,
        Caller = input.Caller,
        State = status.State,
        Step = status.Step,
        Waiting = status.Waiting,
        Consistency = status.Consistency,
        FrozenMs = status.FrozenMs,
        TakenAt = status.TakenAt,
        Members = status.Members.Items,
        Destination = status.Destination,
        Manifest = status.Manifest,
        CreatedAt = createdAt,
        Failure = status.Failure,
        Cleanup = status.Cleanup,
        Ended = status.Ended,
    };
}

/// <summary>The answer to a start.</summary>
internal sealed record GroupAccepted(GroupView Group, string Id, string CancelUri, HttpManagementPayload? Management);
