using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>The rows that units are about.</summary>
internal sealed class Touched
{
    private readonly HashSet<Row> _written = [];
    private readonly List<Row> _changed = [];

    public HashSet<string> Instances { get; } = new(StringComparer.Ordinal);

    public HashSet<ActivityKey> Activities { get; } = [];

    public HashSet<string> Parents { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Documents { get; } = new(StringComparer.Ordinal);

    /// <returns>False when the unit changes a row that another one has changed: one statement cannot do both, so it begins a new group.</returns>
    public bool TryAdd(HubWrite write)
    {
        if (!TryChange(write))
            return false;
        Look(write);
        return true;
    }

    /// <summary>As <see cref="TryAdd"/>, where nothing is to be looked at.</summary>
    public bool TryChange(HubWrite write)
    {
        _changed.Clear();
        Change(write);
        foreach (var row in _changed)
        {
            if (_written.Contains(row))
                return false;
        }
        _written.UnionWith(_changed);
        return true;
    }

    private void Change(HubWrite write)
    {
        switch (write)
        {
            case CommitTurn turn:
                // Its calls too: what another unit of the commit says of a call must find it as the units before have left it.
                _changed.Add(Instance(turn.InstanceId));
                foreach (var child in turn.Children)
                    _changed.Add(Instance(child.OrchestrationInstance.InstanceId));
                foreach (var call in turn.Activities)
                    _changed.Add(new Row(RowKind.Call, call.Key));
                foreach (var (taskId, _) in turn.ConsumedActivities)
                    _changed.Add(new Row(RowKind.Call, new ActivityKey(turn.InstanceId, turn.ExecutionId, taskId)));
                break;
            case CommitEntity entity:
                _changed.Add(Instance(entity.InstanceId));
                foreach (var start in entity.Starts)
                    _changed.Add(Instance(start.Start.OrchestrationInstance.InstanceId));
                break;
            case StartInstance { FirstTurn: { } first }: Change(first); break;
            case StartInstance start: _changed.Add(Instance(start.Start.OrchestrationInstance.InstanceId)); break;
            case NoteReason note: _changed.Add(Instance(note.InstanceId)); break;
            case ClaimActivity claim: _changed.Add(new Row(RowKind.Call, claim.Key)); break;
            case StoreCompletion completion: _changed.Add(new Row(RowKind.Call, completion.Key)); break;
            case StoreProgress progress: _changed.Add(Whole(RowKind.Progress, progress.Key.InstanceId)); break;
            case StoreDocument document: _changed.Add(Whole(RowKind.Document, document.Name)); break;
        }
    }

    private static Row Instance(string instanceId) => Whole(RowKind.Instance, instanceId);

    private static Row Whole(RowKind kind, string id) => new(kind, new ActivityKey(id, "", 0));

    private enum RowKind
    {
        Instance,
        Call,
        Progress,
        Document,
    }

    private readonly record struct Row(RowKind Kind, ActivityKey Key);

    private void Look(HubWrite write)
    {
        switch (write)
        {
            case CommitTurn turn:
                Instances.Add(turn.InstanceId);
                Instances.UnionWith(turn.Messages.Select(message => message.InstanceId));
                Instances.UnionWith(turn.Children.Select(child => child.OrchestrationInstance.InstanceId));
                Activities.UnionWith(turn.ConsumedActivities.Select(ended => new ActivityKey(turn.InstanceId, turn.ExecutionId, ended.TaskId)));
                if (turn.TerminateChildren is not null)
                    Parents.Add(turn.InstanceId);
                break;
            case CommitEntity entity:
                Instances.Add(entity.InstanceId);
                Instances.UnionWith(entity.Messages.Select(message => message.InstanceId));
                Instances.UnionWith(entity.Starts.Select(start => start.Start.OrchestrationInstance.InstanceId));
                break;
            case StartInstance { FirstTurn: { } first }: Look(first); break;
            case StartInstance start: Instances.Add(start.Start.OrchestrationInstance.InstanceId); break;
            case SendMessage message: Instances.Add(message.InstanceId); break;
            case NoteReason note: Instances.Add(note.InstanceId); break;
            case ClaimActivity claim: Activities.Add(claim.Key); break;
            case StoreProgress progress: Activities.Add(progress.Key); break;
            case StoreDocument document: Documents.Add(document.Name); break;
            case StoreCompletion completion:
                Activities.Add(completion.Key);
                Instances.Add(completion.Key.InstanceId);
                break;
        }
    }
}
