using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Turns;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <content>
/// Starts that are asked for here: the first turn is run at once and written with the start, one commit instead of two. Nothing is let out before that commit, as ever.
/// </content>
internal sealed partial class Dispatcher
{
    /// <summary>
    /// First turns that an orchestrator has to have had in this life of the process, until then its starts are written by themselves: one whose turn kills the process and that is asked for
    /// again after that has to be in the hub before it runs, or its deaths could not be counted.
    /// </summary>
    private const int Proof = 20;

    private readonly Dictionary<string, int> _firstTurns = new(StringComparer.Ordinal);

    /// <returns>The start with its first turn, or as it was asked for.</returns>
    private Unit Begin(WriteRequest request, DateTimeOffset now)
    {
        var unit = new Unit(request.Write, request);
        if (request.Write is not StartInstance start || start.VisibleAt > now || Draining || _firstTurns.GetValueOrDefault(start.Start.Name) < Proof)
            return unit;
        var instanceId = start.Start.OrchestrationInstance.InstanceId;
        // What is known of the id here is another's, which perhaps lives.
        if (EntityIds.IsEntity(instanceId) || hot.Find(instanceId) is not null || _busy.Contains(instanceId) || _isReady.Contains(instanceId)
            || _unread.Contains(instanceId) || _ends.ContainsKey(instanceId) || _suspects.Has(instanceId))
        {
            return unit;
        }
        if (hot.Begin(new InboxMessage(0, instanceId, start.Start.OrchestrationInstance.ExecutionId, now, start.Start) { CreatedAt = now }, start.Start) is not { } instance)
            return unit;
        if (FirstTurn(instance, now) is not { } first)
        {
            hot.Remove(instance);
            return unit;
        }
        _busy.Add(instanceId);
        return unit with { Write = start with { FirstTurn = first }, Instance = instance };
    }

    /// <returns>Null where it cannot be written with the start.</returns>
    private CommitTurn? FirstTurn(HotInstance instance, DateTimeOffset now)
    {
        if (instance.Obstacle is not null)
            return null;
        instance.Ripen(now);
        try
        {
            return new TurnRunner(instance, now, properties).Run() is { Restart: null, OpenTurn: false } first && instance.Obstacle is null
                ? Claimed(first) with { ConsumedMessages = [] }
                : null;
        }
        catch (Exception exception) when (options.IsCrash?.Invoke(exception) != true)
        {
            // It breaks again once the start is written, and is told of then.
            return null;
        }
    }

    private void Settled(Unit unit, StartInstance start, WriteResult result)
    {
        var instance = unit.Instance!;
        if (result.TookFirstTurn)
        {
            _ended.Remove(instance.InstanceId);
            _unread.Remove(instance.InstanceId);
            Applied(instance, start.FirstTurn!);
        }
        else
        {
            hot.Remove(instance);
            MarkReady(instance.InstanceId); // what came for whoever has the id went to this one
        }
    }
}
