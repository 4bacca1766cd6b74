using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// What an owner may take for granted of its own instances, so that a commit needs no look before: it is written in one round trip whose statements check all of
/// it. Where one does not hold nothing is written, and the commit begins again with a look.
/// </summary>
internal static class Assumptions
{
    /// <returns>Null when the units are about something that this node cannot know.</returns>
    public static Facts? Make(IReadOnlyList<HubWrite> writes, int node, OwnedInstances owned, Plan plan)
    {
        var facts = new Facts();
        foreach (var write in writes)
        {
            switch (write)
            {
                case CommitTurn { Reopens: false, TerminateChildren: null } turn:
                    facts.Instances[turn.InstanceId] = Mine(turn.ExecutionId, turn.Revision, node);
                    foreach (var (taskId, attempt) in turn.ConsumedActivities)
                        facts.Activities[new ActivityKey(turn.InstanceId, turn.ExecutionId, taskId)] = new ActivityFact(attempt, node);
                    break;
                case StartInstance start when start.Start.OrchestrationInstance.InstanceId[0] != '@': break;
                default: return null;
            }
        }
        foreach (var turn in writes.Select(write => write as CommitTurn ?? (write as StartInstance)?.FirstTurn).OfType<CommitTurn>())
        {
            foreach (var message in turn.Messages)
            {
                if (facts.Instances.ContainsKey(message.InstanceId))
                    continue;
                if (!owned.Contains(message.InstanceId))
                    return null;
                facts.Instances[message.InstanceId] = Mine(message.ExecutionId, 0, node);
                plan.Expected.Add((message.InstanceId, message.ExecutionId));
            }
        }
        return facts;
    }

    private static InstanceFact Mine(string? execution, long revision, int node) => new()
    {
        Status = OrchestrationRuntimeStatus.Running, Execution = execution, Revision = revision, Owner = node,
    };
}

/// <summary>Live instances that this node owns, as far as it remembers: a guess that every commit checks.</summary>
internal sealed class OwnedInstances
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

    public bool Contains(string instanceId)
    {
        lock (_gate)
            return _ids.Contains(instanceId);
    }

    public void Add(string instanceId)
    {
        lock (_gate)
            _ids.Add(instanceId);
    }

    public void Remove(string instanceId)
    {
        lock (_gate)
            _ids.Remove(instanceId);
    }

    public void Clear()
    {
        lock (_gate)
            _ids.Clear();
    }

    /// <summary>After a commit.</summary>
    public void Learn(Plan plan, int node)
    {
        lock (_gate)
        {
            foreach (var made in plan.Instances.Concat(plan.Begun.Select(begun => begun.Made)))
            {
                if (made.Owner == node)
                    _ids.Add(made.Id);
            }
            foreach (var (turn, _, _, _, owner) in plan.Turns)
            {
                if (owner != node)
                    _ids.Remove(turn.InstanceId);
            }
            _ids.ExceptWith(plan.Removed);
            _ids.ExceptWith(plan.Traceless);
        }
    }
}
