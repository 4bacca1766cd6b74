using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.SolidFire;

internal sealed record ClusterInfoReply([property: JsonPropertyName("clusterInfo"), JsonRequired] ClusterInfo ClusterInfo);

internal sealed record VolumesReply([property: JsonPropertyName("volumes"), JsonRequired] List<Volume> Volumes);

internal sealed record VolumeReply([property: JsonPropertyName("volume")] Volume? Volume, [property: JsonPropertyName("volumeID")] long? VolumeId);

internal sealed record SnapshotsReply([property: JsonPropertyName("snapshots"), JsonRequired] List<ClusterSnapshot> Snapshots);

internal sealed record SnapshotReply([property: JsonPropertyName("snapshot")] ClusterSnapshot? Snapshot, [property: JsonPropertyName("snapshotID")] long? SnapshotId);

internal sealed record AsyncEntriesReply([property: JsonPropertyName("asyncHandles"), JsonRequired] List<AsyncResultEntry> AsyncHandles);

internal sealed record SyncJobsReply([property: JsonPropertyName("syncJobs"), JsonRequired] List<SyncJob> SyncJobs);

internal sealed record AccessGroupsReply([property: JsonPropertyName("volumeAccessGroups"), JsonRequired] List<VolumeAccessGroup> Groups);

internal sealed record AccessGroupReply([property: JsonPropertyName("volumeAccessGroup")] VolumeAccessGroup? Group, [property: JsonPropertyName("volumeAccessGroupID")] long? GroupId);

internal sealed record SessionsReply([property: JsonPropertyName("sessions"), JsonRequired] List<IscsiSession> Sessions);

internal sealed record AccountReply([property: JsonPropertyName("account"), JsonRequired] SolidFireAccount Account);

internal sealed record GroupSnapshotsReply([property: JsonPropertyName("groupSnapshots"), JsonRequired] List<GroupSnapshot> Groups);

internal sealed record GroupSnapshotReply([property: JsonPropertyName("groupSnapshot")] GroupSnapshot? Group, [property: JsonPropertyName("groupSnapshotID")] long? GroupId);

internal sealed record SchedulesReply([property: JsonPropertyName("schedules"), JsonRequired] List<SnapshotSchedule> Schedules);

internal sealed record ScheduleReply([property: JsonPropertyName("schedule")] SnapshotSchedule? Schedule, [property: JsonPropertyName("scheduleID")] long? ScheduleId);

internal sealed record QosPoliciesReply([property: JsonPropertyName("qosPolicies"), JsonRequired] List<QosPolicy> Policies);

internal sealed record QosPolicyReply([property: JsonPropertyName("qosPolicy"), JsonRequired] QosPolicy Policy);

internal sealed record CapacityReply([property: JsonPropertyName("clusterCapacity"), JsonRequired] ClusterCapacity Capacity);

internal sealed record EventsReply([property: JsonPropertyName("events"), JsonRequired] List<ClusterEvent> Events);

internal sealed record FaultsReply([property: JsonPropertyName("faults"), JsonRequired] List<ClusterFault> Faults);

internal sealed record AdminReply([property: JsonPropertyName("clusterAdmin"), JsonRequired] ClusterAdmin Admin);

internal sealed record AccountsReply([property: JsonPropertyName("accounts"), JsonRequired] List<SolidFireAccount> Accounts);

internal sealed record AddedAccountReply([property: JsonPropertyName("account")] SolidFireAccount? Account, [property: JsonPropertyName("accountID")] long? AccountId);

internal sealed record InitiatorsReply([property: JsonPropertyName("initiators"), JsonRequired] List<Initiator> Initiators);

internal sealed record BulkVolumeJobsReply([property: JsonPropertyName("bulkVolumeJobs"), JsonRequired] List<BulkVolumeJob> Jobs);

internal sealed record CopyStarted([property: JsonPropertyName("asyncHandle"), JsonRequired] long AsyncHandle, [property: JsonPropertyName("cloneID")] long CloneId);

/// <summary>Replies: what we do not know is skipped, what we use is required.</summary>
[JsonSourceGenerationOptions(
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    Converters = [typeof(ElementTimeConverter)])]
[JsonSerializable(typeof(ClusterInfoReply))]
[JsonSerializable(typeof(ClusterVersion))]
[JsonSerializable(typeof(ClusterLimits))]
[JsonSerializable(typeof(VolumesReply))]
[JsonSerializable(typeof(VolumeReply))]
[JsonSerializable(typeof(SnapshotsReply))]
[JsonSerializable(typeof(SnapshotReply))]
[JsonSerializable(typeof(CloneStarted))]
[JsonSerializable(typeof(AsyncEntriesReply))]
[JsonSerializable(typeof(SyncJobsReply))]
[JsonSerializable(typeof(AccessGroupsReply))]
[JsonSerializable(typeof(AccessGroupReply))]
[JsonSerializable(typeof(SessionsReply))]
[JsonSerializable(typeof(AccountReply))]
[JsonSerializable(typeof(GroupSnapshotsReply))]
[JsonSerializable(typeof(GroupSnapshotReply))]
[JsonSerializable(typeof(GroupCloneStarted))]
[JsonSerializable(typeof(CopyStarted))]
[JsonSerializable(typeof(SchedulesReply))]
[JsonSerializable(typeof(ScheduleReply))]
[JsonSerializable(typeof(QosPoliciesReply))]
[JsonSerializable(typeof(QosPolicyReply))]
[JsonSerializable(typeof(VolumeQos))]
[JsonSerializable(typeof(CapacityReply))]
[JsonSerializable(typeof(EventsReply))]
[JsonSerializable(typeof(FaultsReply))]
[JsonSerializable(typeof(AdminReply))]
[JsonSerializable(typeof(VolumeStats))]
[JsonSerializable(typeof(AccountsReply))]
[JsonSerializable(typeof(AddedAccountReply))]
[JsonSerializable(typeof(InitiatorsReply))]
[JsonSerializable(typeof(BulkVolumeJobsReply))]
[JsonSerializable(typeof(BulkVolumeStarted))]
[JsonSerializable(typeof(ClusterFullThreshold))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class SolidFireJson : JsonSerializerContext;

/// <summary>Times are UTC text; one that is not set comes as empty text or null, depending on the field.</summary>
internal sealed class ElementTimeConverter : JsonConverter<DateTimeOffset?>
{
    public override bool HandleNull => true;

    public override DateTimeOffset? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null) return null;
        var text = reader.GetString();
        if (string.IsNullOrEmpty(text)) return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset? value, JsonSerializerOptions options)
    {
        if (value is { } time) writer.WriteStringValue(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        else writer.WriteNullValue();
    }
}
