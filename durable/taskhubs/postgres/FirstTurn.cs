using Npgsql;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// The start of an instance that there was not, with its first turn, which makes one call. It is numbered: whoever asked for the start must not be told that the instance was there before, when its
/// own commit has made it.
/// </summary>
internal sealed class FirstTurn(NpgsqlConnection connection) : TurnFunction(
    connection, "first_turn",
    Small(), Number(), Text(), Text(), Text(), Text(), Small(), Text(), Number(), Text(), Text(), Text(), Text(),
    Small(), Text(), Small(), Text(), Text(), Text(), Text())
{
    private string? _instance;

    public override bool IsNumbered => true;

    public override IReadOnlyList<WriteResult> Results { get; } = [new(WriteOutcome.Done, []) { TookFirstTurn = true }];

    /// <param name="tasks">What this node runs: any other instance is made without its first turn.</param>
    public static bool Is(HubWrite write, INodeTasks tasks) =>
        write is StartInstance { FirstTurn: { Output: null, OpenTurn: false, ConsumedActivities.Count: 0, Activities: [{ Claimed: true } call] } first, Start: var start }
        && IsQuiet(first) && Statuses.IsLive(first.Status) && first.InstanceId[0] != '@' && tasks.HasOrchestrator(start.Name, start.Version)
        && !Payloads.IsLarge(start.Input) && !Payloads.IsLarge(call.Input) && !Payloads.IsLarge(first.StoredEvents);

    public override bool TryFill(HubWrite write, int node, long number, INodeTasks tasks)
    {
        if (!Is(write, tasks))
            return false;
        var (start, turn) = (((StartInstance)write).Start, ((StartInstance)write).FirstTurn!);
        var call = turn.Activities[0];
        _instance = turn.InstanceId;
        Fill().Then(node).Then(number).Then(turn.InstanceId).Then(turn.ExecutionId).Then(start.Name).Then(start.Version)
            .Then((int)turn.Status).Then(start.ParentInstance?.OrchestrationInstance.InstanceId).Then(turn.At.UtcTicks).Then(start.Input).Then(HistoryJson.Write(start.Tags))
            .Then(turn.CustomStatus).Then(turn.Reason).Then(turn.HistoryRow).Then(turn.StoredEvents)
            .Then(call.Key.TaskId).Then(call.Name).Then(call.Version).Then(call.Input).Then(HistoryJson.Write(call.Tags));
        return true;
    }

    public override void Learn(OwnedInstances owned) => owned.Add(_instance!);
}
