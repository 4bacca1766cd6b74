using System.Globalization;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Replay;

internal sealed partial class EngineOrchestrationContext(OrchestrationExecutor executor, ExecutionStartedEvent start, ILoggerFactory loggers) : TaskOrchestrationContext
{
    private const int MaxCustomStatusChars = 8 * 1024; // 16 KB of UTF-16
    private int _guids;
    private EngineEntityFeature? _entities;
    private InstanceLoggerFactory? _loggers;

    public override TaskName Name => start.Name;

    public override string InstanceId => start.OrchestrationInstance.InstanceId;

    public override ParentOrchestrationInstance? Parent { get; } =
        start.ParentInstance is { } parent ? new(parent.Name, parent.OrchestrationInstance.InstanceId) : null;

    public override DateTime CurrentUtcDateTime => executor.Now;

    public override bool IsReplaying => executor.IsReplaying;

    public override string Version => start.Version ?? "";

    public override TaskOrchestrationEntityFeature Entities => _entities ??= new EngineEntityFeature(executor, start.OrchestrationInstance, Check);

    public override IReadOnlyDictionary<string, object?> Properties => executor.Settings.Properties;

    protected override ILoggerFactory LoggerFactory => _loggers ??= new InstanceLoggerFactory(loggers, InstanceId);

    public override T? GetInput<T>() where T : default => executor.Converter.Deserialize<T>(start.Input);

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) =>
        CreateTimer(fireAt.Kind == DateTimeKind.Local ? fireAt.ToUniversalTime() : DateTime.SpecifyKind(fireAt, DateTimeKind.Utc), null, cancellationToken);

    public override Task CreateTimer(TimeSpan delay, CancellationToken cancellationToken) => CreateTimer(CurrentUtcDateTime.Add(delay), delay, cancellationToken);

    private Task CreateTimer(DateTime fireAt, TimeSpan? delay, CancellationToken cancellationToken)
    {
        Check();
        var id = executor.NextId++;
        var promise = new Promise<object?>(executor.Converter);
        executor.Add(new CreateTimer(id, fireAt, delay));
        executor.Open(id, promise, "timer");
        if (cancellationToken.CanBeCanceled)
        {
            cancellationToken.Register(() =>
            {
                if (!executor.IsOpen(id))
                    return;
                executor.Close(id);
                executor.CancelledTimers.Add(id);
                promise.TrySetCanceled(cancellationToken);
            });
        }
        return promise.Task;
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        Check();
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var promise = new Promise<T>(executor.Converter);
        if (cancellationToken.IsCancellationRequested)
        {
            promise.SetCanceled(cancellationToken);
        }
        else if (executor.Events.TryTake(eventName, out var input))
        {
            promise.Resolve(input);
        }
        else
        {
            executor.Events.Push(eventName, promise, typeof(T));
            cancellationToken.Register(() =>
            {
                executor.Events.Remove(eventName, promise);
                promise.TrySetCanceled(cancellationToken);
            });
        }
        return promise.Task;
    }

    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        Check();
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        if (EntityIds.IsEntity(instanceId))
            throw new ArgumentException($"'{instanceId}' is an entity: signal it by Entities.SignalEntityAsync.", nameof(instanceId));
        executor.Add(new SendEventTo(executor.NextId++, instanceId, eventName, executor.Converter.Serialize(payload)));
    }

    public override void SetCustomStatus(object? customStatus)
    {
        Check();
        var status = executor.Converter.Serialize(customStatus);
        if (status?.Length > MaxCustomStatusChars)
            throw new ArgumentException($"The custom status has {status.Length} characters; at most {MaxCustomStatusChars} are allowed.", nameof(customStatus));
        executor.CustomStatus = status;
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true)
    {
        Check();
        executor.Restart = new Restart(executor.Converter.Serialize(newInput), preserveUnprocessedEvents, start.Version);
    }

    public override void ContinueAsNew(ContinueAsNewOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check();
        executor.Restart = new Restart(executor.Converter.Serialize(options.NewInput), options.PreserveUnprocessedEvents, options.NewVersion ?? start.Version);
    }

    public override Guid NewGuid()
    {
        Check();
        return NameBasedGuid.Create(string.Create(CultureInfo.InvariantCulture, $"{InstanceId}_{CurrentUtcDateTime:o}_{_guids++}"));
    }

    private void Check()
    {
        if (!executor.IsInTurn)
        {
            throw new InvalidOperationException(
                "The orchestration context was used outside its turn. An orchestrator may await only tasks made by its context, without ConfigureAwait(false).");
        }
    }
}
