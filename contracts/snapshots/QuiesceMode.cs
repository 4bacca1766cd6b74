using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Contracts;

/// <summary>What is done to the guest around the array's snapshot.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<QuiesceMode>))]
public enum QuiesceMode
{
    /// <summary>Nothing: the array's snapshot of one volume is atomic, so the copy is crash-consistent.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>A guest-side agent freezes and thaws over HTTP, and thaws by itself when its time to live ends.</summary>
    [JsonStringEnumMemberName("hook")]
    Hook,

    /// <summary>The hypervisor pauses the machine; a watchdog lets it go on when its time to live ends. It flushes nothing.</summary>
    [JsonStringEnumMemberName("pause")]
    Pause,
}
