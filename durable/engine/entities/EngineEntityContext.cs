using System.Diagnostics;
using SnapshotWorkflows.Durable.Engine.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Entities;

internal sealed class EngineEntityContext(
    EntityInstanceId id, EntityOutbox outbox, PayloadConverter converter, string? defaultVersion, TimeProvider time) : TaskEntityContext
{
    public override EntityInstanceId Id => id;

    public override void SignalEntity(EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(operationName);
        var target = EntityIds.Check(id);
        outbox.Messages.Add(new OutgoingMessage(target, null, new EntityOperationSignaledEvent
        {
            RequestId = outbox.NextId(),
            TargetInstanceId = target,
            Operation = operationName,
            Input = converter.Serialize(input),
            ScheduledTime = options?.SignalTime?.UtcDateTime,
            Timestamp = time.GetUtcNow().UtcDateTime,
        })
        {
            VisibleAt = options?.SignalTime,
        });
    }

    public override string ScheduleNewOrchestration(TaskName name, object? input = null, StartOrchestrationOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name.Name, nameof(name));
        StorableText.Demand(name.Name, nameof(name));
        StorableText.Demand(options?.Version?.Version, nameof(options));
        var now = time.GetUtcNow();
        var instanceId = options?.InstanceId ?? outbox.NextId();
        InstanceIds.Check(instanceId);
        outbox.Starts.Add(new StartInstance(
            new ExecutionStartedEvent
            {
                OrchestrationInstance = new OrchestrationInstance(instanceId, outbox.NextId()),
                Name = name.Name,
                Version = options?.Version?.Version ?? defaultVersion,
                Input = converter.Serialize(input),
                Tags = options?.Tags is { Count: > 0 } tags ? tags : null,
                ScheduledStartTime = options?.StartAt?.UtcDateTime,
                Timestamp = now.UtcDateTime,
                ParentTraceContext = Activity.Current?.Id,
                ParentTraceState = Activity.Current?.TraceStateString,
            },
            options?.StartAt is { } later && later > now ? later : now,
            InstanceIds.Live));
        return instanceId;
    }
}

internal sealed class EngineEntityOperation(string name, string? input, TaskEntityContext context, TaskEntityState state, PayloadConverter converter) : TaskEntityOperation
{
    public override string Name => name;

    public override TaskEntityContext Context => context;

    public override TaskEntityState State => state;

    public override bool HasInput => input is not null;

    public override object? GetInput(Type inputType) => converter.Deserialize(input, inputType);
}
