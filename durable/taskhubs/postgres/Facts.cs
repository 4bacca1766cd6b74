using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>What is known of the rows that a commit is about, and what becomes of them as it is planned. Read under lock, or assumed and checked by the commit itself.</summary>
internal sealed class Facts
{
    public Dictionary<string, InstanceFact> Instances { get; } = new(StringComparer.Ordinal);

    public Dictionary<ActivityKey, ActivityFact> Activities { get; } = [];

    /// <summary>Live children by parent, where they were asked for.</summary>
    public Dictionary<string, List<string>> Children { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, HubDocument> Documents { get; } = new(StringComparer.Ordinal);

    /// <summary>Null when there is no such instance.</summary>
    public InstanceFact? Find(string instanceId) => Instances.GetValueOrDefault(instanceId);

    public void DropActivities(string instanceId)
    {
        foreach (var key in Activities.Keys.Where(key => key.InstanceId == instanceId).ToArray())
            Activities.Remove(key);
    }
}

internal sealed class InstanceFact
{
    public required OrchestrationRuntimeStatus Status { get; set; }

    /// <summary>Null when it was assumed and may be any.</summary>
    public required string? Execution { get; set; }
    public required long Revision { get; set; }

    /// <summary>The node that owns it and lives; null when there is none.</summary>
    public required int? Owner { get; set; }
    public string? Reason { get; init; }

    public bool IsLive => Statuses.IsLive(Status);
}

internal sealed record ActivityFact(int Attempt, int? Owner)
{
    /// <summary>Its contents; known only where they were read.</summary>
    public ScheduledActivity? Stored { get; init; }
    public bool CancelRequested { get; init; }

    /// <summary>Why its input cannot be read.</summary>
    public string? Damage { get; init; }
}

internal static class Statuses
{
    public static bool IsLive(OrchestrationRuntimeStatus status) => status
        is OrchestrationRuntimeStatus.Pending or OrchestrationRuntimeStatus.Running or OrchestrationRuntimeStatus.Suspended or OrchestrationRuntimeStatus.ContinuedAsNew;
}
