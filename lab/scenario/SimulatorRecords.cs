namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>A volume of the sample world and everything that hangs on it.</summary>
internal sealed record WorldVolume(
    string CloudStackVolumeId, string CloudStackVmId, string ZoneId, string AccountName, long SolidFireVolumeId, string Iqn,
    string Pool, string SrUuid, string VdiUuid, string VmUuid, long VirtualSize);

/// <summary>What the guest noticed: a write that takes over 5 ms is a stall.</summary>
/// <param name="FreezesExpired">Those that its agent ended by itself, for their time was over.</param>
internal sealed record GuestReport(bool Running, long Writes, long BytesWritten, IReadOnlyList<double> Stalls, double LongestStallMs, double TotalStallMs, bool Frozen, int Freezes, int FreezesExpired);

/// <summary>A fault to plan, in the words of the control address.</summary>
internal sealed record PlannedFault(string System, string Method, string Action)
{
    public string? Pool { get; init; }

    public int Occurrence { get; init; } = 1;

    public int? Times { get; init; }

    public int? Seconds { get; init; }

    public string? ErrorName { get; init; }

    public long? Offset { get; init; }

    public long? Length { get; init; }
}

/// <summary>Faults on a share of all calls, in the words of the control address.</summary>
internal sealed record Weather(double Share, int Seed, double StallSeconds, double AwaySeconds, long StreamBytes, IReadOnlyDictionary<string, string[]> Failures);

/// <summary>How many calls came, and which were hit, by <c>system.action</c>.</summary>
internal sealed record WeatherReport(long Calls, IReadOnlyDictionary<string, long> Hits);

internal sealed record FaultState(int Id, bool Fired);

/// <summary>What is on the array, in the pools and with the guest's agent, told by the simulators themselves.</summary>
internal sealed record Inventory(ArrayInventory Solidfire, IReadOnlyList<PoolInventory> Pools, HookInventory Hook, IReadOnlyDictionary<string, int> Calls)
{
    /// <summary>Null where there is one array alone.</summary>
    public ArrayInventory? SecondSolidfire { get; init; }
}

internal sealed record ArrayInventory(IReadOnlyList<ArrayVolume> Volumes, IReadOnlyList<ArraySnapshot> Snapshots);

internal sealed record ArrayVolume(long Id, string Name, string Status, IReadOnlyList<long> AccessGroups);

internal sealed record ArraySnapshot(long Id, long VolumeId, string Name);

internal sealed record PoolInventory(
    string Name, IReadOnlyList<PoolSr> Srs, IReadOnlyList<PoolObject> Pbds, IReadOnlyList<PoolObject> Vdis, IReadOnlyList<PoolObject> Vbds,
    IReadOnlyList<PoolTask> Tasks, IReadOnlyList<string> FrozenVms, IReadOnlyList<PoolHost>? Hosts);

internal sealed record PoolHost(string Uuid);

internal sealed record PoolSr(string Uuid, string Label, string Type);

internal sealed record PoolObject(string Uuid, string? Label);

internal sealed record PoolTask(string Uuid, string Name, string Status, double? Progress);

internal sealed record HookInventory(bool Frozen);
