namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>A zone of the cloud.</summary>
public sealed record CloudZone(string Id, string Name);

/// <summary>An account of the root domain.</summary>
public sealed record CloudAccount(string Id, string Name);

/// <summary>A virtual machine as the management server knows it; <see cref="InstanceName"/> is its name on the hypervisor.</summary>
public sealed record CloudVirtualMachine(
    string Id, string Name, string InstanceName, string Account, string ZoneId, string State, string HostName, DateTimeOffset Created);

/// <summary>A volume; <see cref="Path"/> is the VDI's uuid, <see cref="StoragePool"/> the primary storage's name.</summary>
public sealed record CloudVolume(
    string Id, string Name, string Account, string ZoneId, string? VirtualMachineId, string Path, long Size, string StoragePool, string Type,
    DateTimeOffset Created);

/// <summary>A snapshot as the management server lists it.</summary>
public sealed record CloudSnapshot(
    string Id, string Name, string VolumeId, string Account, string ZoneId, string State, string LocationType, string SnapshotType, string IntervalType,
    DateTimeOffset Created);

/// <summary>A recurring snapshot: at most one of a volume for each interval type.</summary>
/// <param name="IntervalType">0 hourly, 1 daily, 2 weekly, 3 monthly, as the answers number them.</param>
/// <param name="Schedule"><c>MM</c>, <c>MM:HH</c> or <c>MM:HH:DD</c>.</param>
public sealed record CloudSnapshotPolicy(string Id, string VolumeId, int IntervalType, string Schedule, string TimeZone, int MaxSnaps);
