using Npgsql;
using NpgsqlTypes;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// The turn that most turns are: it takes the end of one call and makes the next, and changes nothing else. The server does it in a function of the schema, which costs it less than the
/// merged statement (no results of parts to keep and count), and here one prepared command serves all of them.
/// </summary>
internal sealed class NextCall : IDisposable
{
    /// <summary>Schema version that brought the function.</summary>
    public const int SinceVersion = 4;

    private readonly NpgsqlCommand _command;
    private readonly NpgsqlParameter<int> _node = new();
    private readonly NpgsqlParameter<long> _number = new();
    private readonly NpgsqlParameter<string?> _instance = Text();
    private readonly NpgsqlParameter<string?> _execution = Text();
    private readonly NpgsqlParameter<long> _revision = new();
    private readonly NpgsqlParameter<int> _status = new();
    private readonly NpgsqlParameter<bool> _openTurn = new();
    private readonly NpgsqlParameter<long> _at = new();
    private readonly NpgsqlParameter<string?> _customStatus = Text();
    private readonly NpgsqlParameter<string?> _reason = Text();
    private readonly NpgsqlParameter<int> _ended = new();
    private readonly NpgsqlParameter<int> _attempt = new();
    private readonly NpgsqlParameter<int> _row = new();
    private readonly NpgsqlParameter<string?> _events = Text();
    private readonly NpgsqlParameter<int> _next = new();
    private readonly NpgsqlParameter<string?> _name = Text();
    private readonly NpgsqlParameter<string?> _version = Text();
    private readonly NpgsqlParameter<string?> _input = Text();
    private readonly NpgsqlParameter<string?> _tags = Text();

    private NextCall(NpgsqlConnection connection) => _command = new NpgsqlCommand("SELECT next_call($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)", connection)
    {
        Parameters =
        {
            _node, _number, _instance, _execution, _revision, _status, _openTurn, _at, _customStatus, _reason, _ended, _attempt, _row, _events, _next, _name, _version, _input, _tags,
        },
    };

    /// <returns>For as long as the connection lasts.</returns>
    public static async Task<NextCall> PrepareAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var made = new NextCall(connection);
        await made._command.PrepareAsync(cancellation);
        return made;
    }

    public static bool Is(CommitTurn turn) => turn is
    {
        Reopens: false, Restart: null, TerminateChildren: null, ConsumedMessages.Count: 0, ConsumedActivities.Count: 1, Activities.Count: 1, Timers.Count: 0, CancelledTimers.Count: 0,
        CancelRequested.Count: 0, Messages.Count: 0, Children.Count: 0, Output: null, Failure: null,
    } && turn.Activities[0].Claimed && Statuses.IsLive(turn.Status);

    /// <returns>False when a text is too large to stand where it belongs.</returns>
    public bool Fill(CommitTurn turn, int node, long number)
    {
        var (call, events) = (turn.Activities[0], turn.StoredEvents);
        if (Payloads.IsLarge(events) || Payloads.IsLarge(call.Input))
            return false;
        (_node.TypedValue, _number.TypedValue) = (node, number);
        (_instance.TypedValue, _execution.TypedValue, _revision.TypedValue) = (turn.InstanceId, turn.ExecutionId, turn.Revision);
        (_status.TypedValue, _openTurn.TypedValue, _at.TypedValue) = ((int)turn.Status, turn.OpenTurn, turn.At.UtcTicks);
        (_customStatus.TypedValue, _reason.TypedValue) = (turn.CustomStatus, turn.Reason);
        (_ended.TypedValue, _attempt.TypedValue) = turn.ConsumedActivities[0];
        (_row.TypedValue, _events.TypedValue) = (turn.HistoryRow, events);
        (_next.TypedValue, _name.TypedValue, _version.TypedValue) = (call.Key.TaskId, call.Name, call.Version);
        (_input.TypedValue, _tags.TypedValue) = (call.Input, HistoryJson.Write(call.Tags));
        return true;
    }

    public Task WriteAsync(CancellationToken cancellation) => _command.ExecuteNonQueryAsync(cancellation);

    public void Dispose() => _command.Dispose();

    private static NpgsqlParameter<string?> Text() => new() { NpgsqlDbType = NpgsqlDbType.Text };
}
