using Npgsql;
using NpgsqlTypes;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// A turn that is a function of the schema: one of the few that most turns are. It costs the server less than the merged statement (no results of parts to keep and count), and here one prepared
/// command, whose parameters are kept. What does not hold takes the whole transaction with it, as in the statements of <see cref="PlanWriter"/>.
/// </summary>
internal abstract class TurnFunction : IDisposable
{
    private readonly NpgsqlCommand _command;
    private readonly NpgsqlParameter[] _parameters;

    protected TurnFunction(NpgsqlConnection connection, string name, params NpgsqlParameter[] parameters)
    {
        _command = new NpgsqlCommand($"SELECT {name}({string.Join(", ", Enumerable.Range(1, parameters.Length).Select(place => $"${place}"))})", connection);
        _command.Parameters.AddRange(parameters);
        _parameters = parameters;
    }

    /// <summary>Whether it writes the commit's number to the node's row. Where it does not, the row of history tells whether it was made.</summary>
    public virtual bool IsNumbered => false;

    /// <summary>Of one unit that lets nothing out to other instances.</summary>
    public virtual IReadOnlyList<WriteResult> Results { get; } = [new(WriteOutcome.Done, [])];

    /// <returns>False when the unit is of another kind.</returns>
    public abstract bool TryFill(HubWrite write, int node, long number, INodeTasks tasks);

    public Task PrepareAsync(CancellationToken cancellation) => _command.PrepareAsync(cancellation);

    public Task CallAsync(CancellationToken cancellation) => _command.ExecuteNonQueryAsync(cancellation);

    /// <summary>After it was made.</summary>
    public virtual void Learn(OwnedInstances owned)
    {
        // Most leave the node what it owns.
    }

    public void Dispose() => _command.Dispose();

    protected Values Fill() => new(_parameters);

    protected static NpgsqlParameter Text() => new NpgsqlParameter<string?> { NpgsqlDbType = NpgsqlDbType.Text };

    protected static NpgsqlParameter Small() => new NpgsqlParameter<int>();

    protected static NpgsqlParameter Number() => new NpgsqlParameter<long>();

    protected static NpgsqlParameter Flag() => new NpgsqlParameter<bool>();

    /// <summary>Takes nothing from an inbox or a timer, and sends nothing.</summary>
    protected static bool IsQuiet(CommitTurn turn) => turn is
    {
        Reopens: false, Restart: null, TerminateChildren: null, ConsumedMessages.Count: 0, Timers.Count: 0, CancelledTimers.Count: 0, CancelRequested.Count: 0, Messages.Count: 0, Children.Count: 0, Failure: null,
    };

    protected struct Values(NpgsqlParameter[] parameters)
    {
        private int _place;

        public Values Then(int value) => Set(value);

        public Values Then(long value) => Set(value);

        public Values Then(bool value) => Set(value);

        public Values Then(string? value) => Set(value);

        private Values Set<T>(T value)
        {
            ((NpgsqlParameter<T>)parameters[_place++]).TypedValue = value;
            return this;
        }
    }
}
