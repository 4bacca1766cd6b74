using System.Collections.Frozen;

namespace SnapshotWorkflows.Durable;

/// <param name="InstanceId">By default a new GUID.</param>
/// <param name="StartAt">The instance stays Pending until then.</param>
public record StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null)
{
    public StartOrchestrationOptions(StartOrchestrationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        InstanceId = options.InstanceId;
        StartAt = options.StartAt;
        Tags = options.Tags;
        Version = options.Version;
        DedupeStatuses = options.DedupeStatuses;
    }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = FrozenDictionary<string, string>.Empty;

    public TaskVersion? Version { get; init; }

    /// <summary>
    /// Statuses of an existing instance that refuse the start. Null: the hub's default (every live status refuses, ended instances are replaced).
    /// Empty: any existing instance is replaced. See <c>WithDedupeStatuses</c>.
    /// </summary>
    public IReadOnlyList<string>? DedupeStatuses { get; init; }
}
