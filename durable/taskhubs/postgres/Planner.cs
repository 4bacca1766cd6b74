using System.Globalization;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Turns units into rows, one after the other; each sees what the ones before it did. Touches nothing but the plan and the facts.</summary>
internal sealed partial class Planner(int node, INodeTasks tasks, Facts facts, Plan plan, Func<long> number, DateTimeOffset now)
{
    private static readonly WriteResult s_done = new(WriteOutcome.Done, []);
    private static readonly WriteResult s_fenced = new(WriteOutcome.Fenced, []);
    private static readonly WriteResult s_notFound = new(WriteOutcome.NotFound, []);

    public WriteResult Write(HubWrite write) => write switch
    {
        CommitTurn turn => Turn(turn),
        StartInstance start => Start(start),
        SendMessage message => Send(message),
        ClaimActivity claim => Claim(claim),
        StoreCompletion completion => Complete(completion),
        StoreProgress progress => Report(progress),
        StoreDocument document => Store(document),
        CommitEntity entity => Entity(entity),
        NoteReason note => Note(note),
        _ => throw new NotSupportedException($"The PostgreSQL hub does not know {write.GetType()}."),
    };

    private WriteResult Start(StartInstance start)
    {
        var instanceId = start.Start.OrchestrationInstance.InstanceId;
        if (facts.Find(instanceId) is { } existing)
        {
            if (existing.IsLive || start.RefusedBy.Contains(existing.Status))
                return new WriteResult(WriteOutcome.Refused, []) { Status = existing.Status };
            Remove(instanceId);
        }
        return start.FirstTurn is { } first && tasks.HasOrchestrator(start.Start.Name, start.Start.Version)
            ? Begin(start.Start, first)
            : new WriteResult(WriteOutcome.Done, Told(Create(start.Start, start.VisibleAt)));
    }

    private WriteResult Send(SendMessage message)
    {
        var visibleAt = message.VisibleAt is { } asked && asked > now ? asked : now;
        if (IsEntity(message.InstanceId))
            return new WriteResult(WriteOutcome.Done, Told(PostToEntity(message.InstanceId, visibleAt, message.Event)));
        if (facts.Find(message.InstanceId) is not { } target)
            return s_notFound;
        return target.IsLive
            ? new WriteResult(WriteOutcome.Done, Told(Post(message.InstanceId, null, visibleAt, message.Event)))
            : new WriteResult(WriteOutcome.Refused, []) { Status = target.Status };
    }

    private WriteResult Note(NoteReason note)
    {
        if (facts.Find(note.InstanceId) is not { } noted)
            return s_notFound;
        if (!noted.IsLive)
            return new WriteResult(WriteOutcome.Refused, []) { Status = noted.Status };
        if (noted.Reason == note.Reason)
            return s_fenced;
        plan.Notes.Add((note.InstanceId, note.Reason));
        return s_done;
    }

    private WriteResult Store(StoreDocument document)
    {
        var found = facts.Documents.GetValueOrDefault(document.Name);
        if (document.Revision < 0 || document.Revision != (found?.Revision ?? 0))
            return s_fenced with { Document = found };
        var stored = new HubDocument(document.Revision + 1, document.Content);
        facts.Documents[document.Name] = stored;
        plan.Documents.Add((document.Name, stored.Revision, stored.Content));
        return s_done with { Document = stored };
    }

    private InboxMessage? Create(ExecutionStartedEvent start, DateTimeOffset visibleAt)
    {
        var instance = start.OrchestrationInstance;
        var owner = tasks.HasOrchestrator(start.Name, start.Version) ? node : (int?)null;
        plan.Instances.Add(new NewInstance(
            instance.InstanceId, instance.ExecutionId!, start.Name, start.Version, (int)OrchestrationRuntimeStatus.Pending, owner,
            start.ParentInstance?.OrchestrationInstance.InstanceId, now.UtcTicks, Keep(instance.InstanceId, PayloadPart.Input, start.Input), HistoryJson.Write(start.Tags)));
        facts.Instances[instance.InstanceId] = new InstanceFact
        {
            Status = OrchestrationRuntimeStatus.Pending, Execution = instance.ExecutionId, Revision = 0, Owner = owner,
        };
        return Post(instance.InstanceId, instance.ExecutionId, visibleAt, start) is { } message ? message with { CreatedAt = now } : null;
    }

    /// <returns>Null when the instance is another node's, which then hears of it.</returns>
    private InboxMessage? Post(string instanceId, string? executionId, DateTimeOffset visibleAt, HistoryEvent posted)
    {
        var owner = facts.Find(instanceId)?.Owner;
        var message = new InboxMessage(number(), instanceId, executionId, visibleAt, posted);
        var foreign = owner is { } other && other != node;
        plan.Inbox.Add(new NewMessage(message, foreign ? owner : null, Keep(instanceId, PayloadPart.Message, HistoryJson.Write(posted))!));
        if (owner is null)
            plan.Told.Add(0);
        else if (foreign)
            plan.Told.Add(owner.Value);
        return foreign ? null : message;
    }

    private InboxMessage? PostToEntity(string instanceId, DateTimeOffset visibleAt, HistoryEvent posted)
    {
        if (facts.Find(instanceId) is not null)
            return Post(instanceId, null, visibleAt, posted);
        var name = EntityInstanceId.FromString(instanceId).Name;
        var owner = tasks.HasEntity(name) ? node : (int?)null;
        // From a number that is never used again: an entity that was removed and came to be again is another one.
        var execution = string.Create(CultureInfo.InvariantCulture, $"e{number()}");
        plan.Instances.Add(new NewInstance(instanceId, execution, name, null, (int)OrchestrationRuntimeStatus.Running, owner, null, now.UtcTicks, null, null));
        facts.Instances[instanceId] = new InstanceFact { Status = OrchestrationRuntimeStatus.Running, Execution = execution, Revision = 0, Owner = owner };
        return Post(instanceId, null, visibleAt, posted);
    }

    /// <returns>Null when nobody takes it any more, or another node does.</returns>
    private InboxMessage? Dispatch(OutgoingMessage message)
    {
        var visibleAt = message.VisibleAt is { } asked && asked > now ? asked : now;
        if (IsEntity(message.InstanceId))
            return PostToEntity(message.InstanceId, visibleAt, message.Event);
        if (facts.Find(message.InstanceId) is not { IsLive: true } target)
            return null;
        return message.ExecutionId is null || target.Execution is null || message.ExecutionId == target.Execution
            ? Post(message.InstanceId, message.ExecutionId, visibleAt, message.Event)
            : null;
    }

    private void Remove(string instanceId)
    {
        plan.Removed.Add(instanceId);
        facts.Instances.Remove(instanceId);
    }

    private string? Keep(string instanceId, PayloadPart part, string? text)
    {
        if (Payloads.Pack(text) is not { } packed)
            return text;
        var id = number();
        plan.Payloads.Add((id, instanceId, part, packed));
        return Payloads.Reference(id);
    }

    private static IReadOnlyList<InboxMessage> Told(InboxMessage? message) => message is null ? [] : [message];

    private static bool IsEntity(string instanceId) => instanceId[0] == '@';
}
