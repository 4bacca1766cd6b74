using System.Text.Json.Serialization;

namespace SnapshotWorkflows.CloudStack;

[JsonSourceGenerationOptions(UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip, NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(List<CloudStackVolume>))]
[JsonSerializable(typeof(List<CloudStackVirtualMachine>))]
[JsonSerializable(typeof(List<CloudStackSnapshot>))]
[JsonSerializable(typeof(List<CloudStackZone>))]
[JsonSerializable(typeof(List<CloudStackSnapshotPolicy>))]
internal sealed partial class CloudStackJson : JsonSerializerContext;
