using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>A snapshot as the API shows it.</summary>
internal sealed record SnapshotView
{
    public required string Id { get; init; }

    public required string VolumeId { get; init; }

    public string? VolumeName { get; init; }

    public string? VmId { get; init; }

    public string? Account { get; init; }

    /// <summary>The account's domain in CloudStack.</summary>
    public string? DomainId { get; init; }

    /// <summary>Name of the key by which it was asked for.</summary>
    public string? Caller { get; init; }

    public string? Name { get; init; }

    public required SnapshotState State { get; init; }

    public string? Step { get; init; }

    public StepProgress? Progress { get; init; }

    public StepNotice? Waiting { get; init; }

    public string? Consistency { get; init; }

    public double? FrozenMs { get; init; }

    public VerifiedMark? Verified { get; init; }

    public string? Destination { get; init; }

    public string? Manifest { get; init; }

    public string? Location { get; init; }

    public string? Root { get; init; }

    public long? DiskBytes { get; init; }

    /// <summary>What the copy takes up on the store: the physical size; of chunks that several copies share with each of them.</summary>
    public long? StoredBytes { get; init; }

    public DateTimeOffset? TakenAt { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public StepNotice? Failure { get; init; }

    public required CleanupStatus Cleanup { get; init; }

    public required bool Ended { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    public string? Policy { get; init; }

    /// <summary>The group that it was taken with.</summary>
    public string? GroupId { get; init; }

    /// <summary>Under legal hold.</summary>
    public bool Hold { get; init; }

    public DateTimeOffset? DamagedAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>When this copy was last read whole and found what it should be, after its first verification.</summary>
    public DateTimeOffset? LastProven { get; init; }

    /// <summary>When any copy of the volume was; told of a single snapshot only.</summary>
    public DateTimeOffset? VolumeLastProven { get; init; }

    /// <summary>What the caller may see of it.</summary>
    public SnapshotView For(HttpRequest request) => request.IsOperator() ? this : this with { Waiting = Waiting.Public(), Failure = Failure.Public(), Cleanup = Cleanup.Public() };

    public static SnapshotView Of(SnapshotRow row) => From(row.Status, row.Key, row.VolumeId, row.Name, row.CreatedAt, row.Tags) with
    {
        VolumeName = row.VolumeName,
        VmId = row.VmId,
        Account = row.Account,
        DomainId = row.DomainId,
        Caller = row.Caller,
        Policy = row.Policy,
        GroupId = row.GroupId,
        Hold = row.Held,
        DamagedAt = row.DamagedAt,
        DeletedAt = row.DeletedAt,
        LastProven = row.LastProven,
        Failure = row.Status.Failure ?? row.Notice,

        // The row's status is of the copy's making, which has long ended; its deletion has not.
        Cleanup = row.Status.State == SnapshotState.Destroying ? new CleanupStatus(Done: false, Stuck: null) : row.Status.Cleanup,
        Ended = row.Status.Ended && row.Status.State != SnapshotState.Destroying,
    };

    public static SnapshotView Of(SnapshotVolumeInput input, SnapshotStatus status, DateTimeOffset createdAt) =>
        From(status, input.Key, input.VolumeId, input.Name, createdAt, input.Tags) with { Caller = input.Caller, GroupId = input.Group?.Uuid };

    private static SnapshotView From(
        SnapshotStatus status, RequestKey key, string volumeId, string? name, DateTimeOffset createdAt, IReadOnlyDictionary<string, string>? tags) => new()
    {
        Id = key.Uuid,
        VolumeId = volumeId,
        Name = name,
        State = status.State,
        Step = status.Step,
        Waiting = status.Waiting,
        Consistency = status.Consistency,
        FrozenMs = status.FrozenMs,
        Verified = status.Verified,
        Destination = status.Destination,
        Manifest = status.Manifest,
        Location = status.Location,
        Root = status.Root,
        DiskBytes = status.DiskBytes,
        StoredBytes = status.OccupiedBytes ?? status.StoredBytes,
        TakenAt = status.TakenAt,
        CreatedAt = createdAt,
        Failure = status.Failure,
        Cleanup = status.Cleanup,
        Ended = status.Ended,
        Tags = tags,
    };
}

/// <summary>The answer to a start.</summary>
internal sealed record SnapshotAccepted(SnapshotView Snapshot, string Id, string CancelUri, HttpManagementPayload? Management);

/// <summary>One page of a listing.</summary>
internal sealed record SnapshotList(IReadOnlyList<SnapshotView> Items);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SnapshotView))]
[JsonSerializable(typeof(SnapshotAccepted))]
[JsonSerializable(typeof(SnapshotList))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(SnapshotDeletion))]
[JsonSerializable(typeof(SnapshotHolding))]
[JsonSerializable(typeof(PolicyView))]
[JsonSerializable(typeof(PolicyList))]
[JsonSerializable(typeof(PolicyPreview))]
[JsonSerializable(typeof(PolicyRunView))]
[JsonSerializable(typeof(PolicyRunAccepted))]
[JsonSerializable(typeof(AuditList))]
[JsonSerializable(typeof(AdmissionView))]
[JsonSerializable(typeof(ReadinessReport))]
[JsonSerializable(typeof(RestoreView))]
[JsonSerializable(typeof(RestoreAccepted))]
[JsonSerializable(typeof(GroupView))]
[JsonSerializable(typeof(GroupAccepted))]
[JsonSerializable(typeof(RevertView))]
[JsonSerializable(typeof(RevertAccepted))]
[JsonSerializable(typeof(LeakList))]
[JsonSerializable(typeof(UsageList))]
[JsonSerializable(typeof(SnapshotVerifying))]
[JsonSerializable(typeof(LeakSweep))]
internal sealed partial class TriggersJson : JsonSerializerContext;
