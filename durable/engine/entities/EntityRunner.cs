using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Diagnostics;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Entities;

/// <summary>Runs a batch of operations in a scope of its own and tells what is to be committed. Nothing of it counts before that: a crash runs the batch again.</summary>
internal sealed class EntityRunner(
    DurableTaskRegistry registry, IServiceScopeFactory scopes, PayloadConverter converter, IExceptionPropertiesProvider? properties, DurableEngineOptions options,
    EngineMetrics metrics, TimeProvider time, ILogger logger)
{
    public async Task<CommitEntity> RunAsync(EntityBatch batch)
    {
        using var lines = logger.BeginScope(new Dictionary<string, object>(StringComparer.Ordinal) { ["InstanceId"] = batch.InstanceId });
        var id = EntityInstanceId.FromString(batch.InstanceId);
        var context = new EngineEntityContext(id, batch.Outbox, converter, options.DefaultVersion, time);
        var state = new EngineEntityState(batch.Entity.State, converter);
        AsyncServiceScope? scope = null;
        ITaskEntity? entity = null;
        try
        {
            while (batch.Count < batch.Most && batch.Next(time.GetUtcNow()) is { } message)
            {
                if (batch.Poison is { } poison)
                {
                    Refuse(batch, message.Event, poison);
                    break;
                }
                await RunAsync(batch, () => entity ??= registry.FindEntity(id.Name)!((scope ??= scopes.CreateAsyncScope()).ServiceProvider), context, state, message.Event);
            }
        }
        finally
        {
            // What its operations did stands: run again, they would do it twice, and break here again.
            if (await Disposal.TryAsync(entity, options.IsCrash) is { } broken)
                logger.EntityNotDisposed(broken, batch.InstanceId);
            if (await Disposal.TryAsync(scope, options.IsCrash) is { } left)
                logger.EntityNotDisposed(left, batch.InstanceId);
        }
        return batch.Commit(state.Stored, time.GetUtcNow());
    }

    /// <summary>The operation that kills its process fails, the entity keeps its state and goes on.</summary>
    private void Refuse(EntityBatch batch, HistoryEvent asked, string reason)
    {
        metrics.OperationEnded(false);
        if (asked is not EntityOperationCalledEvent call)
            return;
        batch.Outbox.Messages.Add(new OutgoingMessage(call.Parent.InstanceId, call.Parent.ExecutionId, new EntityOperationFailedEvent
        {
            TaskScheduledId = asked.EventId,
            RequestId = call.RequestId,
            FailureDetails = new TaskFailureDetails("PoisonOperation", $"Operation '{call.Operation}' does not end: {reason}", null, null),
            Timestamp = time.GetUtcNow().UtcDateTime,
        }));
    }

    private async Task RunAsync(EntityBatch batch, Func<ITaskEntity> entity, EngineEntityContext context, EngineEntityState state, HistoryEvent asked)
    {
        var call = asked as EntityOperationCalledEvent;
        var signal = asked as EntityOperationSignaledEvent;
        var operation = call?.Operation ?? signal!.Operation;
        var former = state.Stored;
        var mark = batch.Outbox.Mark();
        HistoryEvent answer;
        try
        {
            var result = await entity().RunAsync(new EngineEntityOperation(operation, call is null ? signal!.Input : call.Input, context, state, converter));
            answer = new EntityOperationCompletedEvent
            {
                TaskScheduledId = asked.EventId, RequestId = call?.RequestId ?? "", Output = converter.Serialize(result), Timestamp = time.GetUtcNow().UtcDateTime,
            };
        }
        catch (Exception exception) when (options.IsCrash?.Invoke(exception) != true)
        {
            if (options.RollbackEntityOperationsOnExceptions)
            {
                state.Rollback(former);
                batch.Outbox.Rollback(mark);
            }
            else
            {
                state.Forget();
            }
            logger.EntityOperationFailed(exception, operation, batch.InstanceId, call?.Parent.InstanceId ?? "a signal");
            answer = new EntityOperationFailedEvent
            {
                TaskScheduledId = asked.EventId, RequestId = call?.RequestId ?? "", FailureDetails = TaskFailureDetails.FromException(exception, properties),
                Timestamp = time.GetUtcNow().UtcDateTime,
            };
        }
        metrics.OperationEnded(answer is EntityOperationCompletedEvent);
        if (call is not null)
            batch.Outbox.Messages.Add(new OutgoingMessage(call.Parent.InstanceId, call.Parent.ExecutionId, answer));
    }
}
