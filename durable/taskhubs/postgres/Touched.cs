using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>The rows that units are about.</summary>
internal sealed class Touched
{
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    public HashSet<string> Instances { get; } = new(StringComparer.Ordinal);

    public HashSet<ActivityKey> Activities { get; } = [];

    public HashSet<string> Parents { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Documents { get; } = new(StringComparer.Ordinal);

    /// <returns>False when the unit changes a row that another one has changed: one statement cannot do both, so it begins a new group.</returns>
    public bool TryAdd(HubWrite write)
    {
        var changed = Changes(write).ToArray();
        if (changed.Any(_written.Contains))
            return false;
        _written.UnionWith(changed);
        Look(write);
        return true;
    }

    private static IEnumerable<string> Changes(HubWrite write) => write switch
    {
        // Its calls too: what another unit of the commit says of a call must find it as the units before have left it.
        CommitTurn turn => turn.Children.Select(child => Row(child.OrchestrationInstance.InstanceId))
            .Concat(turn.Activities.Select(call => Row(call.Key)))
            .Concat(turn.ConsumedActivities.Select(ended => Row(new ActivityKey(turn.InstanceId, turn.ExecutionId, ended.TaskId))))
            .Prepend(Row(turn.InstanceId)),
        CommitEntity entity => entity.Starts.Select(start => Row(start.Start.OrchestrationInstance.InstanceId)).Prepend(Row(entity.InstanceId)),
        StartInstance { FirstTurn: { } first } => Changes(first),
        StartInstance start => [Row(start.Start.OrchestrationInstance.InstanceId)],
        NoteReason note => [Row(note.InstanceId)],
        ClaimActivity claim => [Row(claim.Key)],
        StoreCompletion completion => [Row(completion.Key)],
        StoreProgress progress => [$"p{progress.Key.InstanceId}"],
        StoreDocument document => [$"d{document.Name}"],
        _ => [],
    };

    private static string Row(string instanceId) => $"i{instanceId}";

    private static string Row(ActivityKey key) => $"a{key.TaskId}/{key.ExecutionId}/{key.InstanceId}";

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
