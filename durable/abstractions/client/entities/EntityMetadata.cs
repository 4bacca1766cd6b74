using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using SnapshotWorkflows.Durable.Entities;

namespace SnapshotWorkflows.Durable.Client.Entities;

/// <summary>What a query tells about an entity.</summary>
[JsonConverter(typeof(EntityMetadataConverter))]
public class EntityMetadata<TState>(EntityInstanceId id)
{
    private readonly TState? _state;

    public EntityMetadata(EntityInstanceId id, TState? state)
        : this(id)
    {
        IncludesState = state is not null;
        _state = state;
    }

    public EntityInstanceId Id { get; } = id;

    public DateTimeOffset LastModifiedTime { get; init; }

    /// <summary>Messages that wait for the entity.</summary>
    public int BacklogQueueSize { get; init; }

    /// <summary>The orchestration that holds the entity in a critical section.</summary>
    public string? LockedBy { get; init; }

    [MemberNotNullWhen(true, nameof(State))]
    [MemberNotNullWhen(true, nameof(_state))]
    public bool IncludesState { get; }

    /// <exception cref="InvalidOperationException">The state was not asked for.</exception>
    public TState State => IncludesState ? _state : throw new InvalidOperationException($"There is no state to read while {nameof(IncludesState)} is false.");
}

/// <summary>With the state as it is stored.</summary>
[JsonConverter(typeof(EntityMetadataConverter))]
public sealed class EntityMetadata(EntityInstanceId id, SerializedData? state = null) : EntityMetadata<SerializedData>(id, state);
