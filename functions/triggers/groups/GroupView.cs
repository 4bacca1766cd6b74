using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Catalog;

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

    /// <summary>With its members as the catalog says they are now: they are deleted one by one, long after the group's instance has ended. When none is left there is no backup of the group.</summary>
    public GroupView Now(SnapshotIndex index)
    {
        var now = this with { Members = [.. Members.Select(member => Now(member, index))] };
        if (State == SnapshotState.Error || now.Members.Any(member => member.State is not (SnapshotState.Destroyed or SnapshotState.Error))) return now;
        if (now.Members.Any(member => member.State == SnapshotState.Destroyed)) return now with { State = SnapshotState.Destroyed, Manifest = null };
        return now.Members.Any(member => member.Failure == UnknownToCatalog.Notice) ? now with { State = SnapshotState.Error, Manifest = null, Failure = UnknownToCatalog.Notice } : now;
    }

    /// <summary>Of a member under way, or one that was never taken, the group knows more than a row.</summary>
    private GroupMember Now(GroupMember member, SnapshotIndex index)
    {
        if (!RequestKey.TryParse(member.SnapshotId, out var key)) return member;
        return index.Find(key) switch
        {
            { Status: { Ended: true, State: var state, Failure: var failure } } =>
                member with { State = state, Manifest = state is SnapshotState.Destroying or SnapshotState.Destroyed ? null : member.Manifest, Failure = member.Failure ?? failure },
            null when Ended && UnknownToCatalog.Claims(member.State) => member with { State = SnapshotState.Error, Manifest = null, Failure = UnknownToCatalog.Notice },
            _ => member,
        };
    }
}

/// <summary>The answer to a start.</summary>
internal sealed record GroupAccepted(GroupView Group, string Id, string CancelUri, HttpManagementPayload? Management);
