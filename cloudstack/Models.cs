using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.CloudStack;

public sealed record ResourceTag
{
    [JsonPropertyName("key")] public required string Key { get; init; }
    [JsonPropertyName("value")] public string Value { get; init; } = "";
}

/// <summary>A volume as CloudStack knows it.</summary>
public sealed record CloudStackVolume
{
    [JsonPropertyName("id")] public required string Id { get; init; }
    [JsonPropertyName("name")] public string Name { get; init; } = "";

    /// <summary><c>Ready</c> when it can be worked on.</summary>
    [JsonPropertyName("state")] public string? State { get; init; }

    [JsonPropertyName("type")] public string? Type { get; init; }

    /// <summary>Bytes.</summary>
    [JsonPropertyName("size")] public long Bytes { get; init; }

    /// <summary>The VDI's uuid on XenServer. Only an administrator's keys are shown it.</summary>
    [JsonPropertyName("path")] public string? Path { get; init; }

    [JsonPropertyName("account")] public string? Account { get; init; }
    [JsonPropertyName("projectid")] public string? ProjectId { get; init; }
    [JsonPropertyName("domainid")] public string? DomainId { get; init; }
    [JsonPropertyName("zoneid")] public string ZoneId { get; init; } = "";
    [JsonPropertyName("zonename")] public string? ZoneName { get; init; }

    /// <summary>Null when detached.</summary>
    [JsonPropertyName("virtualmachineid")] public string? VirtualMachineId { get; init; }

    [JsonPropertyName("vmstate")] public string? VirtualMachineState { get; init; }
    [JsonPropertyName("hypervisor")] public string? Hypervisor { get; init; }
    [JsonPropertyName("storageid")] public string? StorageId { get; init; }
    [JsonPropertyName("storage")] public string? StorageName { get; init; }
    [JsonPropertyName("deviceid")] public long? DeviceId { get; init; }
    [JsonPropertyName("tags")] public IReadOnlyList<ResourceTag> Tags { get; init; } = [];
}

public sealed record CloudStackVirtualMachine
{
    [JsonPropertyName("id")] public required string Id { get; init; }
    [JsonPropertyName("name")] public string Name { get; init; } = "";

    /// <summary>The hypervisor's name for it, such as <c>i-2-3-VM</c>. Only an administrator's keys are shown it.</summary>
    [JsonPropertyName("instancename")] public string? InstanceName { get; init; }

    [JsonPropertyName("state")] public string? State { get; init; }
    [JsonPropertyName("account")] public string? Account { get; init; }
    [JsonPropertyName("domainid")] public string? DomainId { get; init; }
    [JsonPropertyName("zoneid")] public string? ZoneId { get; init; }
    [JsonPropertyName("hostid")] public string? HostId { get; init; }
    [JsonPropertyName("hostname")] public string? HostName { get; init; }
    [JsonPropertyName("hypervisor")] public string? Hypervisor { get; init; }
}

/// <summary>A snapshot as CloudStack knows it; on managed storage it lives on the array.</summary>
public sealed record CloudStackSnapshot
{
    [JsonPropertyName("id")] public required string Id { get; init; }
    [JsonPropertyName("name")] public string Name { get; init; } = "";
    [JsonPropertyName("volumeid")] public string? VolumeId { get; init; }
    [JsonPropertyName("state")] public string? State { get; init; }
    [JsonPropertyName("snapshottype")] public string? SnapshotType { get; init; }
    [JsonPropertyName("intervaltype")] public string? IntervalType { get; init; }
    [JsonPropertyName("locationtype")] public string? LocationType { get; init; }
    [JsonPropertyName("account")] public string? Account { get; init; }
    [JsonPropertyName("zoneid")] public string? ZoneId { get; init; }

    /// <summary>As the server writes it, for instance <c>2026-01-02T03:04:05+0000</c>.</summary>
    [JsonPropertyName("created")] public string? Created { get; init; }

    [JsonPropertyName("physicalsize")] public long? PhysicalBytes { get; init; }
    [JsonPropertyName("virtualsize")] public long? VirtualBytes { get; init; }
    [JsonPropertyName("tags")] public IReadOnlyList<ResourceTag> Tags { get; init; } = [];
}

public sealed record CloudStackZone
{
    [JsonPropertyName("id")] public required string Id { get; init; }
    [JsonPropertyName("name")] public string Name { get; init; } = "";
}

public enum CloudStackJobState
{
    Pending,
    Succeeded,
    Failed,
    Cancelled,
}

/// <summary>An asynchronous job.</summary>
public sealed record CloudStackJob
{
    public required string JobId { get; init; }

    public required CloudStackJobState State { get; init; }

    /// <summary>The command that the job runs, where told.</summary>
    public string? Command { get; init; }

    /// <summary>0 unless failed.</summary>
    public int ErrorCode { get; init; }

    public string? ErrorText { get; init; }

    public JsonElement? Result { get; init; }
}

/// <summary>Narrows listSnapshots.</summary>
public sealed record SnapshotFilter
{
    public string? Id { get; init; }

    public string? VolumeId { get; init; }

    public string? ZoneId { get; init; }
}

/// <summary>A recurring snapshot of CloudStack's own scheduler; on managed storage what it takes stays on the array.</summary>
public sealed record CloudStackSnapshotPolicy
{
    [JsonPropertyName("id")] public required string Id { get; init; }
    [JsonPropertyName("volumeid")] public string? VolumeId { get; init; }

    /// <summary>0 hourly, 1 daily, 2 weekly, 3 monthly.</summary>
    [JsonPropertyName("intervaltype")] public int IntervalType { get; init; }

    /// <summary><c>MM</c>, <c>MM:HH</c> or <c>MM:HH:DD</c>.</summary>
    [JsonPropertyName("schedule")] public string? Schedule { get; init; }

    [JsonPropertyName("timezone")] public string? TimeZone { get; init; }
    [JsonPropertyName("maxsnaps")] public int MaxSnapshots { get; init; }
}

/// <summary>A snapshot under way: its id is known at once, its job tells the end.</summary>
public sealed record CloudStackSnapshotStarted(string JobId, string? SnapshotId);
