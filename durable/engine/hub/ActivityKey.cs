namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>One scheduled activity call.</summary>
public readonly record struct ActivityKey(string InstanceId, string ExecutionId, int TaskId);

/// <summary>What is stored of a scheduled call.</summary>
public sealed record ScheduledActivity(ActivityKey Key, string Name, string? Version, string? Input, IReadOnlyDictionary<string, string>? Tags)
{
    /// <summary>The process that schedules the call takes it at once (attempt 1); false when it has no such activity registered.</summary>
    public bool Claimed { get; init; } = true;
}

/// <summary>The right to run a call, until a later attempt is claimed.</summary>
/// <param name="CancelRequested">The event named in the call's tags has reached the instance already.</param>
public sealed record ClaimedActivity(ScheduledActivity Activity, int Attempt, bool CancelRequested)
{
    /// <summary>Why its input cannot be read; null where it can.</summary>
    public string? Damage { get; init; }
}
