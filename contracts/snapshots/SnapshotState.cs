using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Contracts;

/// <summary>CloudStack's words for where a snapshot stands (api/src/main/java/com/cloud/storage/Snapshot.java).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SnapshotState>))]
public enum SnapshotState
{
    Allocated,
    Creating,
    CreatedOnPrimary,
    BackingUp,

    /// <summary>A verified copy and its manifest exist. Nothing less is ever called so.</summary>
    BackedUp,
    Copying,
    Destroying,
    Destroyed,
    Error,
}
