using System.Diagnostics.CodeAnalysis;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>Entities as one execution uses them; at most one critical section at a time.</summary>
internal sealed class EngineEntityFeature(OrchestrationExecutor executor, OrchestrationInstance instance, Action check) : TaskOrchestrationEntityFeature
{
    private Section? _section;

    public override async Task<TResult> CallEntityAsync<TResult>(EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null)
    {
        check();
        ArgumentException.ThrowIfNullOrEmpty(operationName);
        var target = EntityIds.Check(id);
        var data = executor.Converter.Serialize(input);
        var section = _section;
        section?.BeginCall(target);
        var number = executor.NextId++;
        var promise = new Promise<TResult>(executor.Converter);
        executor.Add(new CallEntity(number, RequestId(number), target, operationName, data));
        executor.Open(number, promise, operationName, entity: id);
        try
        {
            return await promise.Task;
        }
        finally
        {
            section?.EndCall(target);
        }
    }

    public override Task CallEntityAsync(EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null) =>
        CallEntityAsync<object>(id, operationName, input, options);

    public override Task SignalEntityAsync(EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null)
    {
        check();
        ArgumentException.ThrowIfNullOrEmpty(operationName);
        var target = EntityIds.Check(id);
        if (_section?.Holds(target) == true)
            throw new InvalidOperationException($"In a critical section its entities are called, not signalled: {target}.");
        var number = executor.NextId++;
        executor.Add(new SignalEntity(number, RequestId(number), target, operationName, executor.Converter.Serialize(input), options?.SignalTime));
        return Task.CompletedTask;
    }

    public override async Task<IAsyncDisposable> LockEntitiesAsync(IEnumerable<EntityInstanceId> entityIds)
    {
        check();
        ArgumentNullException.ThrowIfNull(entityIds);
        // One order for everybody, so that no two critical sections wait for each other.
        EntityInstanceId[] ids = [.. entityIds.Distinct().OrderBy(EntityIds.Check, StringComparer.Ordinal)];
        if (ids.Length == 0)
            throw new ArgumentException("A critical section needs at least one entity.", nameof(entityIds));
        DemandNoSection("begin another");
        var number = executor.NextId++;
        var section = new Section(this, RequestId(number), ids);
        _section = section;
        var promise = new Promise<object?>(executor.Converter);
        executor.Add(new RequestLock(number, section.Id, [.. ids.Select(id => id.ToString())]));
        executor.Open(number, promise, "lock");
        await promise.Task;
        section.IsGranted = true;
        return section;
    }

    public override bool InCriticalSection([NotNullWhen(true)] out IReadOnlyList<EntityInstanceId>? entityIds)
    {
        entityIds = _section is { IsGranted: true } section ? section.Entities : null;
        return entityIds is not null;
    }

    /// <exception cref="InvalidOperationException">There is a critical section.</exception>
    public void DemandNoSection(string verb)
    {
        if (_section is not null)
            throw new InvalidOperationException($"In a critical section, or while one is asked for, an orchestrator cannot {verb}.");
    }

    private string RequestId(int number) => NameBasedGuid.Create($"{instance.ExecutionId}_{number}_entity").ToString("N");

    private void End(Section section)
    {
        if (_section != section)
            return; // disposed before
        check();
        _section = null;
        foreach (var id in section.Entities)
            executor.Add(new Unlock(executor.NextId++, section.Id, id.ToString()));
    }

    private sealed class Section(EngineEntityFeature feature, string id, IReadOnlyList<EntityInstanceId> entities) : IAsyncDisposable
    {
        private readonly HashSet<string> _calling = [];

        public string Id => id;

        public IReadOnlyList<EntityInstanceId> Entities => entities;

        public bool IsGranted { get; set; }

        public bool Holds(string target) => entities.Any(one => one.ToString() == target);

        public void BeginCall(string target)
        {
            if (!IsGranted)
                throw new InvalidOperationException("The lock was asked for and not awaited; entities may be called when it is granted.");
            if (!Holds(target))
                throw new InvalidOperationException($"In a critical section only its entities may be called, and {target} is none of them.");
            if (!_calling.Add(target))
                throw new InvalidOperationException($"In a critical section an entity has one call at a time, and {target} has one under way.");
        }

        public void EndCall(string target) => _calling.Remove(target);

        public ValueTask DisposeAsync()
        {
            feature.End(this);
            return ValueTask.CompletedTask;
        }
    }
}
