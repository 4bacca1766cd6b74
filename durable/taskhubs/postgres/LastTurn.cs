using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Takes the end of one call, and with it the instance has completed: what is left of its calls and its inbox goes.</summary>
internal sealed class LastTurn(NpgsqlConnection connection) : TurnFunction(
    connection, "last_turn",
    Small(), Text(), Text(), Number(), Small(), Number(), Text(), Text(), Text(), Small(), Small(), Small(), Text())
{
    private string? _instance;

    public static bool Is(HubWrite write) =>
        write is CommitTurn { Status: OrchestrationRuntimeStatus.Completed, OpenTurn: false, ConsumedActivities.Count: 1, Activities.Count: 0 } turn && IsQuiet(turn)
        && !Payloads.IsLarge(turn.Output) && !Payloads.IsLarge(turn.StoredEvents);

    public override bool TryFill(HubWrite write, int node, long number, INodeTasks tasks)
    {
        if (!Is(write))
            return false;
        var turn = (CommitTurn)write;
        _instance = turn.InstanceId;
        var (ended, attempt) = turn.ConsumedActivities[0];
        Fill().Then(node).Then(turn.InstanceId).Then(turn.ExecutionId).Then(turn.Revision)
            .Then((int)turn.Status).Then(turn.At.UtcTicks).Then(turn.Output).Then(turn.CustomStatus).Then(turn.Reason)
            .Then(ended).Then(attempt).Then(turn.HistoryRow).Then(turn.StoredEvents);
        return true;
    }

    public override void Learn(OwnedInstances owned) => owned.Remove(_instance!);
}
