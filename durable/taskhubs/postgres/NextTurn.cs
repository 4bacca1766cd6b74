using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Takes the end of one call and makes the next, and changes nothing else.</summary>
internal sealed class NextTurn(NpgsqlConnection connection) : TurnFunction(
    connection, "next_turn",
    Small(), Text(), Text(), Number(), Small(), Flag(), Number(), Text(), Text(),
    Small(), Small(), Small(), Text(), Small(), Text(), Text(), Text(), Text())
{
    /// <summary>None of its texts is so large that it stands in a row of its own.</summary>
    public static bool Is(HubWrite write) =>
        write is CommitTurn { Output: null, ConsumedActivities.Count: 1, Activities: [{ Claimed: true } call] } turn && IsQuiet(turn) && Statuses.IsLive(turn.Status)
        && !Payloads.IsLarge(call.Input) && !Payloads.IsLarge(turn.StoredEvents);

    /// <summary>It says nothing of itself.</summary>
    public static bool IsPlain(CommitTurn turn) =>
        turn is { Status: OrchestrationRuntimeStatus.Running, OpenTurn: false, CustomStatus: null, Reason: null, Activities: [{ Version: null, Tags: null or { Count: 0 } }] } && Is(turn);

    public override bool TryFill(HubWrite write, int node, long number, INodeTasks tasks)
    {
        if (!Is(write))
            return false;
        var turn = (CommitTurn)write;
        var (call, events) = (turn.Activities[0], turn.StoredEvents);
        var (ended, attempt) = turn.ConsumedActivities[0];
        Fill().Then(node).Then(turn.InstanceId).Then(turn.ExecutionId).Then(turn.Revision)
            .Then((int)turn.Status).Then(turn.OpenTurn).Then(turn.At.UtcTicks).Then(turn.CustomStatus).Then(turn.Reason)
            .Then(ended).Then(attempt).Then(turn.HistoryRow).Then(events)
            .Then(call.Key.TaskId).Then(call.Name).Then(call.Version).Then(call.Input).Then(HistoryJson.Write(call.Tags));
        return true;
    }
}
