using Npgsql;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// Which of some turns were made before: a turn's events, with their times, stand in a row of history that no other turn writes the like of. Asked while the instances' rows are locked, so that one
/// that is still on its way has either come or can come no more.
/// </summary>
internal static class MadeTurns
{
    /// <summary>Of a turn that was made before; only turns that let nothing out are sent without a number.</summary>
    public static WriteResult Result { get; } = new(WriteOutcome.Done, []);

    public static HashSet<HubWrite> Find(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<HubWrite> writes)
    {
        var made = new HashSet<HubWrite>(ReferenceEqualityComparer.Instance);
        foreach (var turn in writes.OfType<CommitTurn>())
        {
            using var command = new NpgsqlCommand("SELECT events = $4 FROM history WHERE instance_id = $1 AND execution_id = $2 AND turn = $3", connection, transaction);
            command.Parameters.Add(Parameters.Text(turn.InstanceId));
            command.Parameters.Add(Parameters.Text(turn.ExecutionId));
            command.Parameters.Add(Parameters.Small(turn.HistoryRow));
            command.Parameters.Add(Parameters.Text(turn.StoredEvents));
            if (command.ExecuteScalar() is true)
                made.Add(turn);
        }
        return made;
    }
}
