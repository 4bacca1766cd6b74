using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Diagnostics;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <summary>Instances in memory. Replay happens here, on load, and nowhere else.</summary>
internal sealed class HotInstances(ITaskHub hub, DurableTaskRegistry registry, PayloadConverter converter, ILoggerFactory loggers, ILogger logger, EngineMetrics metrics, DurableEngineOptions options, MisdatedTimers misdated)
{
    private readonly ExecutorSettings _settings = ExecutorSettings.Of(options);
    private readonly Dictionary<string, Obstacle> _broken = [];
    private readonly Dictionary<string, HotInstance> _instances = [];
    private long _uses;

    public HotInstance? Find(string instanceId) => _instances.GetValueOrDefault(instanceId);

    public IReadOnlyCollection<HotInstance> All => _instances.Values;

    public int Count => _instances.Count;

    public MisdatedTimers Misdated => misdated;

    /// <summary>Number of instances read from the hub so far.</summary>
    public long Loads { get; private set; }

    /// <summary>Number of replays so far.</summary>
    public long Replays { get; private set; }

    /// <returns>Null if the instance has ended. One that cannot run here comes with its <see cref="HotInstance.Obstacle"/>.</returns>
    public async ValueTask<HotInstance?> GetAsync(string instanceId, CancellationToken cancellation)
    {
        if (!_instances.TryGetValue(instanceId, out var instance))
        {
            Loads++;
            var snapshot = await hub.LoadAsync(instanceId, cancellation);
            if (snapshot is null)
            {
                // Ended, or another node's: a later instance of the id is another one.
                _broken.Remove(instanceId);
                return null;
            }
            instance = Replay(snapshot);
            _instances.Add(instanceId, instance);
        }
        instance.LastUsed = ++_uses;
        return instance;
    }

    /// <summary>A turn of the instance has thrown; when it is loaded next it ends, or is suspended, for that reason.</summary>
    public void Break(HotInstance instance, Exception exception)
    {
        Remove(instance);
        _broken[instance.InstanceId] = new Obstacle(
            Obstacle.PoisonTurn, $"A turn broke outside of the orchestrator's own code: {exception.GetType().FullName}: {exception.Message}", ByOption);
    }

    /// <summary>The instance has killed its process too often; it is not replayed again.</summary>
    public void Break(string instanceId, string reason)
    {
        _instances.Remove(instanceId);
        _broken[instanceId] = new Obstacle(Obstacle.PoisonTurn, reason, ByOption);
    }

    public void Remove(HotInstance instance)
    {
        // Another one may stand in its place: loaded after this one was given up.
        if (_instances.GetValueOrDefault(instance.InstanceId) == instance)
            _instances.Remove(instance.InstanceId);
    }

    /// <summary>An instance that was created a moment ago and has nothing but its start. One that does not fit in, or cannot run here, is loaded when its turn comes.</summary>
    /// <returns>Null where that is so.</returns>
    public HotInstance? Begin(InboxMessage message, ExecutionStartedEvent start)
    {
        if (_instances.Count >= options.MaxHotInstances || !CanRun(start.Name, start.Version))
            return null;
        var snapshot = new InstanceSnapshot
        {
            InstanceId = message.InstanceId,
            ExecutionId = start.OrchestrationInstance.ExecutionId!,
            Name = start.Name,
            Version = start.Version,
            Status = OrchestrationRuntimeStatus.Pending,
            Revision = 0,
            OpenTurn = false,
            NextHistoryRow = 0,
            History = [],
            Inbox = [message],
            CreatedAt = message.CreatedAt,
        };
        var instance = Replay(snapshot);
        _instances.Add(message.InstanceId, instance);
        return instance;
    }

    public void Clear()
    {
        _instances.Clear();
        _broken.Clear();
    }

    /// <param name="busy">Instances with a turn on its way: they only seem idle.</param>
    public void Trim(IReadOnlySet<string> busy, InstanceWaiters waiters)
    {
        if (_instances.Count <= options.MaxHotInstances)
            return;
        // A tenth more than needed, so that the search is not made at every turn.
        var surplus = _instances.Count - options.MaxHotInstances + (options.MaxHotInstances / 10);
        foreach (var idle in _instances.Values.Where(instance => instance.IsIdle && !busy.Contains(instance.InstanceId)).OrderBy(instance => instance.LastUsed).Take(surplus).ToArray())
        {
            _instances.Remove(idle.InstanceId);
            waiters.Forget(idle.InstanceId);
        }
    }

    /// <summary>The fresh execution after ContinueAsNew; its turn stays open. Where its code breaks, the instance goes from memory: read again, it begins again, or comes with its obstacle.</summary>
    public void StartOver(HotInstance instance, CommitTurn commit)
    {
        var start = commit.Restart!;
        try
        {
            if (Fit(start.Name, start.Version, null, out var factory) is not null)
            {
                Remove(instance);
                return;
            }
            instance.Executor = NewExecutor(factory!());
            instance.DropExecution(instance.ExecutionId);
            instance.ExecutionId = start.OrchestrationInstance.ExecutionId!;
            instance.NextHistoryRow = 1;
            instance.Locks = new HeldLocks();
            instance.OpenTurn = true;
            instance.CreatedAt = null;
            foreach (var one in commit.Events)
                instance.Executor.Apply(one, replaying: false);
        }
        catch (Exception exception) when (options.IsCrash?.Invoke(exception) != true)
        {
            logger.Blocked(instance.InstanceId, Obstacle.PoisonTurn, exception.Message);
            Remove(instance);
        }
    }

    /// <summary>Replays a history by itself, beside whatever is in memory.</summary>
    /// <exception cref="InvalidOperationException">The instance cannot run here, or the history does not fit.</exception>
    public OrchestrationExecutor Rehearse(InstanceSnapshot snapshot, IReadOnlyList<HistoryEvent> history)
    {
        var obstacle = TryMake(snapshot, out var orchestrator);
        if (obstacle is not null)
            throw new InvalidOperationException($"Instance '{snapshot.InstanceId}' cannot go on in this process ({obstacle.ErrorType}): {obstacle.Reason}");
        var executor = NewExecutor(orchestrator!);
        try
        {
            foreach (var happened in history)
                executor.Apply(happened, replaying: true);
        }
        catch (NonDeterministicOrchestrationException exception)
        {
            throw new InvalidOperationException($"Instance '{snapshot.InstanceId}' cannot go on: {exception.Message}", exception);
        }
        return executor;
    }

    private ObstacleAction ByOption => options.OnNonDeterminism == NonDeterminismAction.Suspend ? ObstacleAction.Suspend : ObstacleAction.Fail;

    private OrchestrationExecutor NewExecutor(ITaskOrchestrator orchestrator) => new(orchestrator, converter, loggers, _settings);

    /// <summary>Whether this process takes such instances, be it to end them for their version; asked from any thread.</summary>
    public bool CanRun(string name, string? version) => Fit(name, version, null, out _) is not { Action: ObstacleAction.Wait };

    /// <summary>Whether this process can run the instance.</summary>
    private Obstacle? Fit(string name, string? version, HubDamage? damage, out Func<ITaskOrchestrator>? factory)
    {
        factory = registry.FindOrchestrator(name, version);
        if (damage is { IsNewer: true })
            return new Obstacle(Obstacle.MalformedHistory, $"A newer program has written its history: {damage.Reason}", ObstacleAction.Wait);
        if (damage is not null)
            return new Obstacle(Obstacle.MalformedHistory, $"Its history cannot be read: {damage.Reason}", ByOption);
        var ownClass = !string.IsNullOrEmpty(version) && registry.HasOrchestrator(name, version);
        if (!ownClass && (options.Version ?? options.DefaultVersion) is { } own
            && !VersionMatching.Matches(options.VersionMatchStrategy, version ?? "", own))
        {
            var fails = options.VersionFailureStrategy == VersionFailureStrategy.Fail;
            return new Obstacle(
                Obstacle.VersionMismatch,
                $"The instance has version '{version}'; the process that looked has '{own}' and takes {options.VersionMatchStrategy}.",
                fails ? ObstacleAction.Fail : ObstacleAction.Wait);
        }
        return factory is null
            ? new Obstacle(Obstacle.NotRegistered, $"Orchestrator '{name}'{(string.IsNullOrEmpty(version) ? "" : $" {version}")} is not registered in the process that looked; it waits for one that has it.", ObstacleAction.Wait)
            : null;
    }

    private HotInstance Replay(InstanceSnapshot snapshot)
    {
        var obstacle = _broken.Remove(snapshot.InstanceId, out var broken) ? broken : null;
        ITaskOrchestrator? orchestrator = null;
        obstacle ??= TryMake(snapshot, out orchestrator);
        return obstacle is null ? Replay(snapshot, NewExecutor(orchestrator!)) : Blocked(snapshot, obstacle);
    }

    private Obstacle? TryMake(InstanceSnapshot snapshot, out ITaskOrchestrator? orchestrator)
    {
        orchestrator = null;
        if (Fit(snapshot.Name, snapshot.Version, snapshot.Damage, out var factory) is { } obstacle)
            return obstacle;
        try
        {
            orchestrator = factory!();
            return null;
        }
        catch (Exception exception)
        {
            return new Obstacle(Obstacle.PoisonTurn, $"The orchestrator cannot be made: {exception.GetType().FullName}: {exception.Message}", ByOption);
        }
    }

    private HotInstance Blocked(InstanceSnapshot snapshot, Obstacle obstacle)
    {
        logger.Blocked(snapshot.InstanceId, obstacle.ErrorType, obstacle.Reason);
        var instance = new HotInstance(snapshot, NewExecutor(new NobodysOrchestrator()), misdated) { Obstacle = obstacle };
        foreach (var happened in snapshot.History)
        {
            instance.Locks.Record(happened);
            instance.Start ??= happened as ExecutionStartedEvent;
        }
        foreach (var message in snapshot.Inbox)
            instance.Deliver(message);
        return instance;
    }

    private HotInstance Replay(InstanceSnapshot snapshot, OrchestrationExecutor executor)
    {
        var instance = new HotInstance(snapshot, executor, misdated);
        if (snapshot.History.Count > 0)
        {
            Replays++;
            metrics.Replayed();
        }
        try
        {
            foreach (var happened in snapshot.History)
            {
                instance.Locks.Record(happened);
                if (happened is ExecutionSuspendedEvent suspended)
                    instance.Reason = suspended.Reason;
            }
            var history = RewoundHistory.View(snapshot.History);
            var closed = snapshot.OpenTurn ? LastCompleted(history) : history.Count;
            for (var index = 0; index < closed; index++)
                executor.Apply(history[index], replaying: true);
            executor.EndClosedTurns();
            for (var index = closed; index < history.Count; index++)
                executor.Apply(history[index], replaying: false);
            executor.EndReplay(snapshot.OpenTurn);
            if (snapshot is { OpenTurn: true, History: [.., ExecutionRewoundEvent, OrchestratorStartedEvent] })
                instance.Overheard = [.. history.OfType<SubOrchestrationInstanceCreatedEvent>().Where(child => executor.IsOpen(child.EventId))];
        }
        catch (NonDeterministicOrchestrationException exception)
        {
            logger.NonDeterminism(exception, snapshot.InstanceId);
            instance.Obstacle = new Obstacle(typeof(NonDeterministicOrchestrationException).FullName!, exception.Message, ByOption);
        }
        catch (Exception exception)
        {
            logger.Blocked(snapshot.InstanceId, Obstacle.PoisonTurn, exception.Message);
            instance.Obstacle = new Obstacle(Obstacle.PoisonTurn, $"The replay broke: {exception.GetType().FullName}: {exception.Message}", ByOption);
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
