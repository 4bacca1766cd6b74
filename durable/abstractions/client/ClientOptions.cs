namespace SnapshotWorkflows.Durable.Client;

/// <summary>What a purge has done.</summary>
public class PurgeResult(int count, bool? isComplete)
{
    public PurgeResult(int count)
        : this(count, true)
    {
    }

    /// <summary>Instances removed by this call.</summary>
    public int PurgedInstanceCount { get; } = count;

    /// <summary>False when a time limit ended the purge early.</summary>
    public bool? IsComplete { get; } = isComplete;
}

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
