namespace SnapshotWorkflows.Contracts;

/// <summary>Puts a snapshot under legal hold, or releases it.</summary>
/// <param name="Request">The workflow's own instance id.</param>
public sealed record HoldSnapshotInput(RequestKey Request, RequestKey Snapshot, bool Hold, string Caller, string? Reason);

public sealed record HoldSnapshotResult(string SnapshotId, bool Held);
