namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>Something that the orchestrator asked for; numbered by one counter per execution.</summary>
internal abstract record OrchestratorAction(int Id);

internal sealed record CallActivity(int Id, string Name, string? Version, string? Input, IReadOnlyDictionary<string, string>? Tags) : OrchestratorAction(Id);

/// <param name="Delay">Null where the orchestrator gave a point in time.</param>
internal sealed record CreateTimer(int Id, DateTime FireAt, TimeSpan? Delay) : OrchestratorAction(Id);

internal sealed record StartChild(
    int Id, string Name, string? Version, string InstanceId, string? Input, IReadOnlyDictionary<string, string>? Tags, bool FireAndForget) : OrchestratorAction(Id);

internal sealed record SendEventTo(int Id, string InstanceId, string Name, string? Input) : OrchestratorAction(Id);

internal sealed record CallEntity(int Id, string RequestId, string Target, string Operation, string? Input) : OrchestratorAction(Id);

internal sealed record SignalEntity(int Id, string RequestId, string Target, string Operation, string? Input, DateTimeOffset? At) : OrchestratorAction(Id);

internal sealed record RequestLock(int Id, string SectionId, IReadOnlyList<string> LockSet) : OrchestratorAction(Id);

internal sealed record Unlock(int Id, string SectionId, string Target) : OrchestratorAction(Id);

/// <summary>What the execution starts over with.</summary>
internal sealed record Restart(string? Input, bool PreserveEvents, string? Version);
