namespace SnapshotWorkflows.Durable.Client;

/// <param name="PurgedInstanceCount">Instances removed by this call.</param>
/// <param name="IsComplete">False when a time limit ended the purge early.</param>
public sealed record PurgeResult(int PurgedInstanceCount, bool? IsComplete = true);

/// <summary>Selects ended instances to purge, by creation time and status.</summary>
public record PurgeInstancesFilter(
    DateTimeOffset? CreatedFrom = null, DateTimeOffset? CreatedTo = null, IEnumerable<OrchestrationRuntimeStatus>? Statuses = null)
{
    /// <summary>Longest time for one call; what is left is told by <see cref="PurgeResult.IsComplete"/>.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <param name="Recursive">Children are purged too.</param>
public record PurgeInstanceOptions(bool Recursive = false);

/// <param name="Output">Becomes the output of the instance.</param>
/// <param name="Recursive">Children are terminated too.</param>
public record TerminateInstanceOptions(object? Output = null, bool Recursive = false);
