using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.Entities;

namespace SnapshotWorkflows.Durable.Engine.Entities;

/// <summary>The state as text, and as the object that an operation left behind.</summary>
internal sealed class EngineEntityState(string? stored, PayloadConverter converter) : TaskEntityState
{
    private string? _stored = stored;
    private object? _object;

    public string? Stored => _stored;

    public override bool HasState => _stored is not null;

    public override object? GetState(Type type)
    {
        if (_stored is null)
            return null;
        if (_object is null || !type.IsInstanceOfType(_object))
            _object = converter.Deserialize(_stored, type);
        return _object;
    }

    public override void SetState(object? state)
    {
        // Written at once: what cannot be stored fails the operation that made it, and not the batch.
        _stored = converter.Serialize(state);
        _object = state;
    }

    /// <summary>An operation has thrown: its object may be half changed.</summary>
    public void Rollback(string? former)
    {
        _stored = former;
        _object = null;
    }

    /// <summary>Where operations that throw keep what they have set: the text stands, the object is read anew.</summary>
    public void Forget() => _object = null;
}
