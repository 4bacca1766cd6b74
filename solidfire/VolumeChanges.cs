using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

/// <summary>What ModifyVolume changes; null leaves a field as it is.</summary>
public sealed record VolumeChanges
{
    public VolumeQos? Qos { get; init; }

    /// <summary>Takes the volume out of its QoS policy, whose values it would follow else.</summary>
    public bool LeavesQosPolicy { get; init; }

    /// <summary>Replaces ALL attributes: read, merge and write to keep the others.</summary>
    public JsonObject? Attributes { get; init; }

    /// <summary>Bytes; a volume only grows.</summary>
    public long? TotalBytes { get; init; }

    /// <summary><c>readOnly</c>, <c>readWrite</c>, <c>locked</c>.</summary>
    public string? Access { get; init; }
}
