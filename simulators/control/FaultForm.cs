using System.Text.Json;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.Guest;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.Simulators.World;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Simulators.Control;

/// <summary>A fault in the words of the control address.</summary>
internal sealed record FaultRequest(
    string System, string Method, string Action, string? Pool = null, int? Occurrence = null, int? Times = null, string? ErrorName = null,
    IReadOnlyList<string>? ErrorParams = null, double? Seconds = null, long? Bytes = null, long? Offset = null, long? Length = null, int? Status = null)
{
    private const long MostExcess = 1 << 20;

    private static readonly string[] s_systems = [SolidFireSimulator.SystemName, XenServerSimulator.System, CloudStackSimulator.SystemName, GuestAgent.SystemName];

    /// <exception cref="ArgumentException">The fault could never hit, or not do what it says.</exception>
    public FaultSpecification ToSpecification(SimulatedWorld world)
    {
        if (!s_systems.Contains(System)) throw new ArgumentException($"system is one of {string.Join(", ", s_systems)}, not '{System}'.");
        if (string.IsNullOrWhiteSpace(Method)) throw new ArgumentException("method is required, as the wire spells it.");
        if (Pool is not null && (System != XenServerSimulator.System || world.Pools.All(pool => pool.PoolName != Pool)))
            throw new ArgumentException($"pool '{Pool}' has no meaning for {System}; name a pool of xenserver or none.");
        if (!Enum.TryParse<FaultAction>(Action, ignoreCase: true, out var action) || !Enum.IsDefined(action) || char.IsAsciiDigit(Action[0]))
            throw new ArgumentException($"action is one of {string.Join(", ", Enum.GetNames<FaultAction>().Select(JsonNamingPolicy.CamelCase.ConvertName))}, not '{Action}'.");
        if (Occurrence < 1 || Times < 1) throw new ArgumentException("occurrence and times are at least 1.");
        if (Seconds is < 0 or > 86_400 || (action == FaultAction.Stall && Seconds is null or 0)) throw new ArgumentException("A stall needs seconds, more than 0 and at most 86400.");
        if (action is FaultAction.ZeroExtent or FaultAction.Corrupt && (Offset is null or < 0 || Length is null or <= 0)) throw new ArgumentException("zeroExtent and corrupt need offset and length in bytes.");
        if (Bytes < 0 || (action == FaultAction.Truncate && Bytes is null)) throw new ArgumentException("truncate needs bytes: how many of the body still arrive.");
        if (action == FaultAction.Excess && Bytes is not (> 0 and <= MostExcess)) throw new ArgumentException($"excess needs bytes: how many too many, from 1 to {MostExcess}.");
        if (Status is < 100 or > 599) throw new ArgumentException("status is an HTTP status.");
        var fault = new FaultSpecification
        {
            System = System,
            Pool = Pool,
            Method = Method,
            Occurrence = Occurrence ?? 1,
            Times = Times ?? 1,
            Action = action,
            ErrorName = ErrorName,
            ErrorParams = ErrorParams ?? [],
            Duration = TimeSpan.FromSeconds(Seconds ?? 0),
            Bytes = Bytes ?? 0,
            Offset = Offset ?? 0,
            Length = Length ?? 0,
            Status = Status ?? 503,
        };
        return Objection(fault) is { } objection ? throw new ArgumentException(objection) : fault;
    }

    /// <summary>What no system but a pool can show, and what the agent cannot.</summary>
    private static string? Objection(FaultSpecification fault) => fault.System == XenServerSimulator.System
        ? XenServerFaults.Objection(fault)
        : fault.Action is FaultAction.ZeroExtent or FaultAction.Excess || (fault.Action == FaultAction.Duplicate && fault.System == GuestAgent.SystemName)
            ? $"{fault.System} cannot show {JsonNamingPolicy.CamelCase.ConvertName(fault.Action.ToString())}."
            : null;
}

/// <summary>A planned fault as it is listed.</summary>
internal sealed record FaultAnswer(
    int Id, string System, string? Pool, string Method, int Occurrence, int Times, string Action, string? ErrorName, IReadOnlyList<string> ErrorParams,
    double Seconds, long Bytes, long Offset, long Length, int Status, int Seen, int FiredTimes, bool Fired)
{
    public static FaultAnswer From(PlannedFault fault)
    {
        var planned = fault.Specification;
        return new FaultAnswer(
            fault.Id, planned.System, planned.Pool, planned.Method, planned.Occurrence, planned.Times, JsonNamingPolicy.CamelCase.ConvertName(planned.Action.ToString()),
            planned.ErrorName, planned.ErrorParams, planned.Duration.TotalSeconds, planned.Bytes, planned.Offset, planned.Length, planned.Status,
            fault.Seen, fault.FiredTimes, fault.Fired);
    }
}
