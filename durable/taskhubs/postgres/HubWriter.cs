using Microsoft.Extensions.Logging;
using Npgsql;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// Commits, on one connection. A commit has a number that its transaction writes to the node's row: when the connection breaks
/// while the outcome is unknown, that row tells it, and the number given up then keeps a late transaction out. A turn that goes alone and touches nothing but its own instance
/// does without: it holds by its instance's revision, so it can come once only, and its row of history tells whether it did.
/// </summary>
internal sealed partial class HubWriter(HubConnections connections, NodeSession session, PostgresHubOptions options, OwnedInstances owned, ILogger logger) : IDisposable
{
    private const int Attempts = 10;

    private NpgsqlConnection? _connection;
    private TurnFunctions? _functions;
    private NumberBlock _numbers;

    /// <summary>Given up while its outcome was unknown.</summary>
    private volatile Commit? _unsettled;

    /// <summary>Of the commit under way: a turn without a number that was sent, and of which nobody knows whether it was made.</summary>
    private Commit? _alone;

    /// <summary>Whether a commit that was reported as failed may have been made.</summary>
    public bool IsUnsettled => _unsettled is not null;

    public async Task<IReadOnlyList<WriteResult>> CommitAsync(IReadOnlyList<HubWrite> writes, INodeTasks tasks, DateTimeOffset now, CancellationToken cancellation)
    {
        var patience = new Patience(options.Patience);
        await SettleAsync(patience, cancellation);
        _alone = null;
        try
        {
            return await CommitAsync(writes, tasks, now, patience, cancellation);
        }
        catch when (_alone is not null)
        {
            // Whatever became of the tries after it: only a look tells now.
            _unsettled = _alone;
            throw;
        }
    }

    private async Task<IReadOnlyList<WriteResult>> CommitAsync(IReadOnlyList<HubWrite> writes, INodeTasks tasks, DateTimeOffset now, Patience patience, CancellationToken cancellation)
    {
        var conflicts = 0;
        var doubt = Doubt.None;
        while (true)
        {
            var commit = new Commit(session.Node, session.NextCommit(), writes, tasks, now);
            try
            {
                _connection ??= await connections.OpenForCommitsAsync(cancellation);
                return (doubt == Doubt.None ? await TryAtOnceAsync(commit) : null) ?? Carefully(commit, doubt == Doubt.Sent);
            }
            catch (PostgresException exception) when (exception.SqlState == PlanWriter.ConditionFailed && doubt != Doubt.None && commit.Numbered == false)
            {
                // The node's own row: the others have taken this node for dead.
                await session.RejoinAsync(commit.Node, cancellation);
                owned.Clear();
                if (++conflicts > Attempts)
                    throw;
            }
            catch (PostgresException exception) when (IsConflict(exception.SqlState))
            {
                if (++conflicts > Attempts)
                    throw;
                if (doubt == Doubt.None)
                    doubt = Doubt.Assumed;
            }
            catch (Exception exception) when (HubConnections.IsLost(exception) && !cancellation.IsCancellationRequested)
            {
                CommitConnectionLost(logger, exception, writes.Count);
                Drop();
                if (commit.Sent)
                    _unsettled = commit;
                if (!await patience.WaitAsync(cancellation))
                    throw connections.Unavailable(exception);
                if (commit.Sent && commit.HasNumber && await WasCommittedAsync(commit, patience, cancellation))
                {
                    _unsettled = null;
                    CommitReadBack(logger, commit.Number);
                    commit.Learn(owned);
                    return commit.Results;
                }
                if (commit.Sent && !commit.HasNumber)
                    (doubt, _alone) = (Doubt.Sent, commit);
                _unsettled = null;
            }
        }
    }

    /// <summary>Before anything else is written: a commit that was given up either was made, and everything is looked at again, or can come no more.</summary>
    public async Task SettleAsync(Patience patience, CancellationToken cancellation)
    {
        if (_unsettled is not { } commit)
            return;
        if (await WasCommittedAsync(commit, patience, cancellation))
            CommitReadBack(logger, commit.Number);
        owned.Clear();
        _unsettled = null;
        session.Doubt();
    }

    public void Dispose() => Drop();

    /// <summary>In one round trip, on what an owner may assume.</summary>
    /// <returns>Null when the units need a look first.</returns>
    private async ValueTask<IReadOnlyList<WriteResult>?> TryAtOnceAsync(Commit commit)
    {
        if (commit.Writes is [var only] && Version >= TurnFunctions.SinceVersion)
        {
            _functions ??= await TurnFunctions.PrepareAsync(_connection!, CancellationToken.None);
            if (_functions.Fill(only, commit.Node, commit.Number, commit.Tasks) is { } function)
            {
                commit.Function = function;
                commit.Results = function.Results;
                commit.Sent = true;
                await function.CallAsync(CancellationToken.None);
                commit.Learn(owned);
                return commit.Results;
            }
        }
        if (Version >= TurnFunctions.SinceVersion)
            commit.Plan = new Plan { Following = [] };
        if (!TryPlan(commit))
            return null;
        await using var batch = new NpgsqlBatch(_connection!);
        new PlanWriter(commit.Plan, commit.Node).Number(commit.Number).Write(batch, NodeSession.Channel(connections.Schema));
        commit.Sent = true;
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
        commit.Learn(owned);
        return commit.Results;
    }

    /// <returns>False when the units need a look first.</returns>
    private bool TryPlan(Commit commit)
    {
        var touched = new Touched();
        if (!commit.Writes.All(touched.TryChange) || Assumptions.Make(commit.Writes, commit.Node, owned, commit.Plan) is not { } facts)
            return false;
        commit.Results = Plan(commit, facts, commit.Writes);
        return true;
    }

    /// <summary>Looks at the rows under lock, then writes; group by group, in one transaction.</summary>
    /// <param name="mayBeMade">Turns among the units may have been made already.</param>
    private IReadOnlyList<WriteResult> Carefully(Commit commit, bool mayBeMade)
    {
        using var transaction = _connection!.BeginTransaction();
        using (var first = new NpgsqlBatch(_connection, transaction))
        {
            new PlanWriter(new Plan(), commit.Node).Number(commit.Number).Write(first, NodeSession.Channel(connections.Schema));
            first.ExecuteNonQuery();
        }
        commit.Numbered = true;
        var all = new List<WriteResult>();
        var plans = new List<Plan>();
        foreach (var (group, touched) in Groups(commit.Writes))
        {
            if (touched is null)
            {
                all.Add(Alone(commit, transaction, group[0]));
                continue;
            }
            commit.Plan = new Plan();
            plans.Add(commit.Plan);
            var facts = FactsReader.Read(_connection, transaction, touched);
            var made = mayBeMade ? MadeTurns.Find(_connection, transaction, group) : [];
            var results = Plan(commit, facts, group, made);
            using var batch = new NpgsqlBatch(_connection, transaction);
            new PlanWriter(commit.Plan, commit.Node).Write(batch, NodeSession.Channel(connections.Schema));
            if (batch.BatchCommands.Count > 0)
                CountRemoved(batch, group, results);
            all.AddRange(results);
        }
        commit.Results = all;
        commit.Sent = true;
        transaction.Commit();
        foreach (var plan in plans)
            owned.Learn(plan, commit.Node);
        return all;
    }

    /// <param name="made">Units that were made before: nothing is to be written of them.</param>
    private WriteResult[] Plan(Commit commit, Facts facts, IReadOnlyList<HubWrite> writes, IReadOnlySet<HubWrite>? made = null)
    {
        var planner = new Planner(commit.Node, commit.Tasks, facts, commit.Plan, NextNumber, commit.Now);
        var results = new WriteResult[writes.Count];
        for (var index = 0; index < results.Length; index++)
            results[index] = made?.Contains(writes[index]) == true ? MadeTurns.Result : planner.Write(writes[index]);
        return results;
    }

    /// <summary>Entities that left no trace are known only when their inbox was looked at.</summary>
    private static void CountRemoved(NpgsqlBatch batch, IReadOnlyList<HubWrite> writes, WriteResult[] results)
    {
        using var reader = batch.ExecuteReader();
        var removed = new HashSet<string>(StringComparer.Ordinal);
        do
        {
            while (reader.Read())
            {
                if (reader.GetName(0) == "instance_id")
                    removed.Add(reader.GetString(0));
            }
        }
        while (reader.NextResult());
        for (var index = 0; index < results.Length && removed.Count > 0; index++)
        {
            if (writes[index] is CommitEntity entity && results[index].Outcome == WriteOutcome.Done && removed.Contains(entity.InstanceId))
                results[index] = results[index] with { Count = 1 };
        }
    }

    /// <summary>Units with statements of their own, which no plan holds.</summary>
    private static bool IsAlone(HubWrite write) => write is PurgeInstance or BeginTrial or Acquit or ReleaseActivities;

    private WriteResult Alone(Commit commit, NpgsqlTransaction transaction, HubWrite write) => write switch
    {
        PurgeInstance purge => Purging.Purge(_connection!, transaction, purge),
        // Nothing was counted yet.
        BeginTrial or Acquit when Version < Deaths.SinceVersion => new WriteResult(WriteOutcome.NotFound, []),
        BeginTrial trial => Deaths.Begin(_connection!, transaction, commit.Node, trial),
        Acquit acquit => Deaths.Acquit(_connection!, transaction, acquit),
        ReleaseActivities release => NodeClaims.Release(_connection!, transaction, commit.Node, release, NodeSession.Channel(connections.Schema)),
        _ => throw new NotSupportedException($"{write.GetType()} is no unit that stands alone."),
    };

    private static IEnumerable<(IReadOnlyList<HubWrite> Group, Touched? Touched)> Groups(IReadOnlyList<HubWrite> writes)
    {
        var group = new List<HubWrite>();
        var touched = new Touched();
        foreach (var write in writes)
        {
            if (group.Count > 0 && (IsAlone(write) || !touched.TryAdd(write)))
            {
                yield return (group, touched);
                (group, touched) = ([], new Touched());
                if (!IsAlone(write))
                    touched.TryAdd(write);
            }
            else if (!IsAlone(write) && group.Count == 0)
            {
                touched.TryAdd(write);
            }
            if (IsAlone(write))
                yield return ([write], null);
            else
                group.Add(write);
        }
        if (group.Count > 0)
            yield return (group, touched);
    }

    /// <summary>Waits for the lost transaction if it still runs, and takes its number away so that it cannot come later.</summary>
    private async Task<bool> WasCommittedAsync(Commit commit, Patience patience, CancellationToken cancellation)
    {
        using var driver = new DriverCancellation(cancellation);
        while (true)
        {
            try
            {
                _connection ??= await connections.OpenForCommitsAsync(cancellation);
                await using var transaction = await _connection.BeginTransactionAsync(driver.Token);
                await using var read = new NpgsqlCommand("SELECT commits FROM nodes WHERE id = $1 FOR UPDATE", _connection, transaction);
                read.Parameters.Add(Parameters.Small(commit.Node));
                var last = (long?)await read.ExecuteScalarAsync(driver.Token);
                await using var give = new NpgsqlCommand("UPDATE nodes SET commits = $2 WHERE id = $1", _connection, transaction);
                give.Parameters.Add(Parameters.Small(commit.Node));
                give.Parameters.Add(Parameters.Number(session.NextCommit()));
                await give.ExecuteNonQueryAsync(driver.Token);
                if (!commit.HasNumber && commit.Writes is [CommitTurn turn])
                    await KeepOutAsync(turn, commit.Node, transaction, driver.Token);
                await transaction.CommitAsync(driver.Token);
                return last == commit.Number;
            }
            catch (Exception exception) when (HubConnections.IsLost(exception))
            {
                Drop();
                if (!await patience.WaitAsync(cancellation))
                    throw connections.Unavailable(exception);
            }
        }
    }

    /// <summary>A turn without a number holds by its instance's revision: with another one it cannot come late.</summary>
    private async Task KeepOutAsync(CommitTurn turn, int node, NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        await using var change = new NpgsqlCommand(
            "UPDATE instances SET revision = revision + 1 WHERE instance_id = $1 AND execution_id = $2 AND revision = $3 AND owner = $4 AND ended_at IS NULL", _connection, transaction);
        change.Parameters.Add(Parameters.Text(turn.InstanceId));
        change.Parameters.Add(Parameters.Text(turn.ExecutionId));
        change.Parameters.Add(Parameters.Number(turn.Revision));
        change.Parameters.Add(Parameters.Small(node));
        await change.ExecuteNonQueryAsync(cancellation);
    }

    private long NextNumber()
    {
        if (_numbers.TryTake(out var number))
            return number;
        using var command = new NpgsqlCommand("SELECT nextval('numbers')", _connection);
        _numbers = new NumberBlock((long)command.ExecuteScalar()!);
        _numbers.TryTake(out number);
        return number;
    }

    private int Version => options.SchemaVersion ?? HubSchema.Newest;

    private void Drop()
    {
        _functions?.Dispose();
        _functions = null;
        _connection?.Dispose();
        _connection = null;
    }

    private static bool IsConflict(string state) => state
        is PlanWriter.ConditionFailed or PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure;

    [LoggerMessage(EventId = 1301, Level = LogLevel.Warning, Message = "The connection to the task hub was lost in a commit of {Count} units; it is made again")]
    private static partial void CommitConnectionLost(ILogger logger, Exception exception, int count);

    [LoggerMessage(EventId = 1302, Level = LogLevel.Information, Message = "Commit {Number} had gone through before its connection was lost")]
    private static partial void CommitReadBack(ILogger logger, long number);

    private enum Doubt
    {
        None,

        /// <summary>Something that was assumed did not hold.</summary>
        Assumed,

        /// <summary>A turn without a number was sent, and nobody knows whether it was made.</summary>
        Sent,
    }

    private sealed class Commit(int node, long number, IReadOnlyList<HubWrite> writes, INodeTasks tasks, DateTimeOffset now)
    {
        public int Node => node;
        public long Number => number;
        public IReadOnlyList<HubWrite> Writes => writes;
        public INodeTasks Tasks => tasks;
        public DateTimeOffset Now => now;
        public Plan Plan { get; set; } = new();
        public IReadOnlyList<WriteResult> Results { get; set; } = [];

        /// <summary>By which it is made; null for statements.</summary>
        public TurnFunction? Function { get; set; }

        /// <summary>Its transaction writes the number to the node's row.</summary>
        public bool HasNumber => Function?.IsNumbered ?? true;

        /// <summary>After it was made.</summary>
        public void Learn(OwnedInstances owned)
        {
            if (Function is not null)
                Function.Learn(owned);
            else
                owned.Learn(Plan, Node);
        }

        /// <summary>From here on it may have been committed without our knowing.</summary>
        public bool Sent { get; set; }

        /// <summary>The node's row has taken the number: the node lives.</summary>
        public bool Numbered { get; set; }
    }

    /// <summary>Numbers of messages and payloads, taken from the server's sequence ten thousand at a time.</summary>
    private struct NumberBlock(long first)
    {
        private long _next = first;
        private readonly long _end = first + 10_000;

        public bool TryTake(out long number)
        {
            number = _next;
            return _end > 0 && _next++ < _end;
        }
    }
}
