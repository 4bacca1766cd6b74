namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>
/// Everything that one batch of operations of one entity did. Written only if the entity is still at <see cref="Revision"/> of <see cref="ExecutionId"/>.
/// A row that then has neither state, lock nor inbox is removed; the result counts it.
/// </summary>
public sealed record CommitEntity : HubWrite
{
    public required string InstanceId { get; init; }

    /// <summary>Made with the row, from a number that is never used again: an entity that was removed and came to be again is another one.</summary>
    public required string ExecutionId { get; init; }

    /// <summary>The fence: rises with every commit of the entity.</summary>
    public required long Revision { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>JSON; null when the entity has none.</summary>
    public string? State { get; init; }
    public string? LockedBy { get; init; }
    public IReadOnlyList<long> ConsumedMessages { get; init; } = [];
    public IReadOnlyList<OutgoingMessage> Messages { get; init; } = [];

    /// <summary>Orchestrations that the entity starts; one whose id is taken is left out.</summary>
    public IReadOnlyList<StartInstance> Starts { get; init; } = [];
}
