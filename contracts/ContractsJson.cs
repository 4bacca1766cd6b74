using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Contracts;

/// <summary>JSON of what is stored and shown: camelCase, unknown members skipped (an older version may read a newer row), nulls left out.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip)]
[JsonSerializable(typeof(SnapshotRow))]
[JsonSerializable(typeof(SnapshotStatus))]
[JsonSerializable(typeof(StepProgress))]
[JsonSerializable(typeof(SnapshotVolumeInput))]
[JsonSerializable(typeof(SnapshotVolumeResult))]
[JsonSerializable(typeof(SnapshotPolicy))]
[JsonSerializable(typeof(RestoreStatus))]
[JsonSerializable(typeof(RevertStatus))]
[JsonSerializable(typeof(SnapshotGroupStatus))]
[JsonSerializable(typeof(LeakReport))]
[JsonSerializable(typeof(UsageRecord))]
[JsonSerializable(typeof(ClockSight))]
[JsonSerializable(typeof(SnapshotReport))]
[JsonSerializable(typeof(WorkReport))]
public sealed partial class ContractsJson : JsonSerializerContext;
