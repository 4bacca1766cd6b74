using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <summary>Instances in memory. Replay happens here, on load, and nowhere else.</summary>
internal sealed class HotInstances(ITaskHub hub, DurableTaskRegistry registry, PayloadConverter converter, ILoggerFactory loggers, ILogger logger, int capacity)
{
    private readonly Dictionary<string, HotInstance> _instances = [];
    private long _uses;

    public HotInstance? Find(string instanceId) => _instances.GetValueOrDefault(instanceId);

    /// <summary>Number of replays so far.</summary>
    public long Replays { get; private set; }

    /// <returns>Null if the instance has ended, or its orchestrator is not registered here.</returns>
    public async ValueTask<HotInstance?> GetAsync(string instanceId, CancellationToken cancellation)
    {
        if (!_instances.TryGetValue(instanceId, out var instance))
        {
            var snapshot = await hub.LoadAsync(instanceId, cancellation);
            if (snapshot is null)
                return null;
            if (registry.FindOrchestrator(snapshot.Name, snapshot.Version) is not { } factory)
            {
                logger.OrchestratorNotRegistered(snapshot.Name, snapshot.Version ?? "", instanceId);
                return null;
            }
            instance = Replay(snapshot, new OrchestrationExecutor(factory(), converter, loggers));
            _instances.Add(instanceId, instance);
        }
        instance.LastUsed = ++_uses;
        return instance;
    }

    public void Remove(HotInstance instance) => _instances.Remove(instance.InstanceId);

    public void Trim()
    {
        if (_instances.Count <= capacity)
            return;
        // A tenth more than needed, so that the search is not made at every turn.
        var surplus = _instances.Count - capacity + (capacity / 10);
        foreach (var idle in _instances.Values.Where(instance => instance.IsIdle).OrderBy(instance => instance.LastUsed).Take(surplus).ToArray())
            _instances.Remove(idle.InstanceId);
    }

    /// <summary>The fresh execution after ContinueAsNew; its turn stays open.</summary>
    public void StartOver(HotInstance instance, CommitTurn commit)
    {
        var start = commit.Restart!;
        var factory = registry.FindOrchestrator(start.Name, start.Version);
        if (factory is null)
        {
            logger.OrchestratorNotRegistered(start.Name, start.Version ?? "", instance.InstanceId);
            Remove(instance);
            return;
        }
        instance.Executor = new OrchestrationExecutor(factory(), converter, loggers);
        instance.ExecutionId = start.OrchestrationInstance.ExecutionId!;
        instance.NextHistoryRow = 1;
        instance.Locks = new HeldLocks();
        instance.OpenTurn = true;
        foreach (var one in commit.Events)
            instance.Executor.Apply(one, replaying: false);
    }

    private HotInstance Replay(InstanceSnapshot snapshot, OrchestrationExecutor executor)
    {
        var instance = new HotInstance(snapshot, executor);
        if (snapshot.History.Count > 0)
            Replays++;
        try
        {
            foreach (var happened in snapshot.History)
                instance.Locks.Record(happened);
            var closed = snapshot.OpenTurn ? LastCompleted(snapshot.History) : snapshot.History.Count;
            for (var index = 0; index < snapshot.History.Count; index++)
                executor.Apply(snapshot.History[index], replaying: index < closed);
            executor.EndReplay(snapshot.OpenTurn);
        }
        catch (NonDeterministicOrchestrationException exception)
        {
            logger.NonDeterminism(exception, snapshot.InstanceId);
            instance.NonDeterminism = exception.Message;
        }
        foreach (var message in snapshot.Inbox)
            instance.Deliver(message);
        return instance;
    }

    private static int LastCompleted(IReadOnlyList<HistoryEvent> history)
    {
        for (var index = history.Count - 1; index >= 0; index--)
        {
            if (history[index] is OrchestratorCompletedEvent)
                return index + 1;
        }
        return 0;
    }
}
