using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// This process among the nodes: a row whose lease it renews, and a connection that holds an advisory lock of the row's number and listens. Where the lock is free
/// or the lease is over, the others give its work away; it then comes back under another number, and nothing that it still holds in memory counts.
/// </summary>
internal sealed partial class NodeSession(HubConnections connections, PostgresHubOptions options, ILogger logger) : IAsyncDisposable
{
    /// <summary>Among the numbers of nodes in a notification: calls are to stop. Programs that do not know it look at their next poll.</summary>
    public const string StopsCalls = "stop";

    private readonly SemaphoreSlim _turn = new(1);
    private readonly HashSet<int> _heard = [];
    private bool _heardOfStops;
    private CancellationTokenSource _wait = new();
    private NpgsqlConnection? _connection;

    /// <summary>Of every number this process has had: it never falls, so what was given up under an older one cannot come late either.</summary>
    private long _commits;
    private long _renewed;
    private long _polled;

    /// <summary>When the connection was made again after it had broken; 0 before that.</summary>
    private long _returned;
    private bool _more;
    private bool _rejoined;
    private bool _left;

    /// <summary>A look has taken rows from the hub, and has not told of them yet.</summary>
    private bool _taking;
    private int _doubts;

    public int Node { get; private set; }

    /// <summary>Counted from before the renewal was sent: the others wait a little longer.</summary>
    public TimeSpan LeaseLeft => Node == 0 || _left ? TimeSpan.MaxValue : options.Lease - TimeProvider.System.GetElapsedTime(Volatile.Read(ref _renewed));

    /// <summary>A commit may have been made that nobody was told of: the next look tells of everything that is to do.</summary>
    public void Doubt() => Interlocked.Increment(ref _doubts);

    public long NextCommit() => Interlocked.Increment(ref _commits);

    public static string Channel(string schema) => $"swf_{schema}";

    public async Task JoinAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            await EnterAsync(cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Comes back as another node, if it has not yet.</summary>
    public async Task RejoinAsync(int former, CancellationToken cancellation)
    {
        await TakeTurnAsync(cancellation);
        try
        {
            if (Node != former)
                return;
            using var driver = new DriverCancellation(cancellation);
            await EnterAsync(driver.Token);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task LeaveAsync(CancellationToken cancellation)
    {
        await TakeTurnAsync(cancellation);
        try
        {
            if (_left || Node == 0)
                return;
            _left = true;
            await using var connection = await connections.OpenAsync(cancellation);
            // By itself: from here on the others take everything of this node, and no death is counted for it, whatever becomes of the rest.
            await LeaveAsync(connection, ["UPDATE nodes SET left_at = now() WHERE id = $1 AND left_at IS NULL"], cancellation);
            await LeaveAsync(connection, ["UPDATE instances SET owner = NULL WHERE ended_at IS NULL AND owner = $1", "UPDATE activities SET owner = NULL WHERE owner = $1"], cancellation);
        }
        catch (Exception exception) when (HubConnections.IsLost(exception) || NodeClaims.IsCollision(exception))
        {
            // The server is away, or another node was at the same rows: the others learn it from the node's row, or from the lock that goes with the connection.
            NotLeft(logger, exception, Node);
        }
        finally
        {
            await DropAsync();
            _turn.Release();
        }
    }

    private async Task LeaveAsync(NpgsqlConnection connection, string[] changes, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var change in changes)
            batch.BatchCommands.Add(new NpgsqlBatchCommand(change) { Parameters = { Parameters.Small(Node) } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_notify($1, '0')") { Parameters = { Parameters.Text(Channel(connections.Schema)) } });
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>The first of what nobody owns and this node can run; the rest comes as news, so that thousands of instances do not keep the first from going on.</summary>
    /// <returns>How many.</returns>
    public async ValueTask<int> ClaimFirstAsync(INodeTasks tasks, CancellationToken cancellation)
    {
        await using var connection = await connections.OpenAsync(cancellation);
        await ReapAsync(connection, cancellation);
        return (await NodeClaims.ClaimAsync(connection, Node, tasks, options.ClaimSize, cancellation)).Count;
    }

    public async ValueTask<IReadOnlyList<string>> SuspectsAsync(CancellationToken cancellation)
    {
        if (!CountsDeaths)
            return [];
        await using var connection = await connections.OpenAsync(cancellation);
        return await Deaths.SuspectsAsync(connection, Node, cancellation);
    }

    private bool CountsDeaths => (options.SchemaVersion ?? HubSchema.Newest) >= Deaths.SinceVersion;

    public async Task<HubNews> NextAsync(INodeTasks tasks, DateTimeOffset now, CancellationToken cancellation)
    {
        using var driver = new DriverCancellation(cancellation);
        var patience = new Patience(TimeSpan.MaxValue);
        while (true)
        {
            await _turn.WaitAsync(cancellation);
            try
            {
                await ComeBackAsync(driver.Token);
                await ListenAsync(cancellation);
                return await LookAsync(tasks, now, driver.Token);
            }
            catch (PostgresException exception) when (NodeClaims.IsCollision(exception))
            {
                LookAgain(logger, exception);
            }
            catch (Exception exception) when (HubConnections.IsLost(exception) && !cancellation.IsCancellationRequested)
            {
                SessionLost(logger, exception, Node);
                await DropAsync();
            }
            finally
            {
                _turn.Release();
            }
            await patience.WaitAsync(cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DropAsync();
        _wait.Dispose();
        _turn.Dispose();
    }

    /// <summary>The lock first, then the row: a row without its lock is a dead node's.</summary>
    private async Task EnterAsync(CancellationToken cancellation)
    {
        await DropAsync();
        var connection = await connections.OpenAsync(cancellation);
        try
        {
            var node = (int)(long)(await NodeClaims.ScalarAsync(connection, "SELECT nextval('node_ids')", cancellation))!;
            await NodeClaims.ScalarAsync(connection, $"SELECT pg_advisory_lock({NodeClaims.LockSpace(connections.Schema)}, {node.ToString(CultureInfo.InvariantCulture)})", cancellation);
            var withName = (options.SchemaVersion ?? HubSchema.Newest) >= 2;
            await using (var enter = new NpgsqlCommand(
                withName
                    ? "INSERT INTO nodes (id, joined_at, lease_until, commits, told) VALUES ($1, now(), now() + $2, 0, $3)"
                    : "INSERT INTO nodes (id, joined_at, lease_until, commits) VALUES ($1, now(), now() + $2, 0)",
                connection))
            {
                enter.Parameters.Add(Parameters.Small(node));
                enter.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Lease });
                if (withName)
                    enter.Parameters.Add(Parameters.Text(string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName} process {Environment.ProcessId}")));
                await enter.ExecuteNonQueryAsync(cancellation);
            }
            await HoldAsync(connection, cancellation);
            _rejoined = Node != 0;
            (Node, _left, _more) = (node, false, true);
            Volatile.Write(ref _renewed, TimeProvider.System.GetTimestamp());
            Joined(logger, node);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        await ReapAsync(connection, cancellation);
    }

    private Task ReapAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        NodeClaims.ReapAsync(connection, connections.Schema, Node, new Reaping(options.Lease, IsBack, CountsDeaths), logger, cancellation);

    /// <summary>What broke this node's connection may have broken all of them: the others get the time of a lease to come back.</summary>
    private bool IsBack => _returned != 0 && TimeProvider.System.GetElapsedTime(_returned) < options.Lease;

    private async Task HoldAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        connection.Notification += (_, told) =>
        {
            foreach (var part in told.Payload.Split(','))
            {
                if (int.TryParse(part, CultureInfo.InvariantCulture, out var node))
                    _heard.Add(node);
                else if (part == StopsCalls)
                    _heardOfStops = true;
            }
        };
        await NodeClaims.ScalarAsync(connection, $"LISTEN \"{Channel(connections.Schema)}\"", cancellation);
        _connection = connection;
    }

    /// <summary>After the connection broke: under the same number if nobody has noticed, else under another.</summary>
    private async Task ComeBackAsync(CancellationToken cancellation)
    {
        if (_connection is { State: System.Data.ConnectionState.Open })
            return;
        await DropAsync();
        if (_left)
        {
            await EnterAsync(cancellation);
            return;
        }
        var connection = await connections.OpenAsync(cancellation);
        // Where it breaks again and again, the dead still have to be found in between.
        if (_returned == 0 || TimeProvider.System.GetElapsedTime(_returned) >= 2 * options.Lease)
            _returned = TimeProvider.System.GetTimestamp();
        var same = (bool)(await NodeClaims.ScalarAsync(
            connection,
            string.Create(CultureInfo.InvariantCulture, $"SELECT pg_try_advisory_lock({NodeClaims.LockSpace(connections.Schema)}, {Node}) AND EXISTS (SELECT 1 FROM nodes WHERE id = {Node} AND left_at IS NULL)"),
            cancellation))!;
        if (same)
        {
            await HoldAsync(connection, cancellation);
            _more = true;
            return;
        }
        // Its lock may be ours now; it goes with the connection.
        await NodeClaims.DiscardAsync(connection);
        await EnterAsync(cancellation);
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        var rest = options.PollInterval - TimeProvider.System.GetElapsedTime(_polled);
        if (_more || _rejoined || _taking || Volatile.Read(ref _doubts) > 0 || HasHeard || (_polled != 0 && rest <= TimeSpan.Zero))
            return;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _wait.Token);
        over.CancelAfter(rest > TimeSpan.Zero ? rest : TimeSpan.FromMilliseconds(1));
        using var driver = new DriverCancellation(over.Token);
        try
        {
            while (!HasHeard)
                await _connection!.WaitAsync(driver.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The interval is over, or somebody else needs the turn.
        }
    }

    private bool HasHeard => _heardOfStops || _heard.Contains(0) || _heard.Contains(Node);

    private async Task<HubNews> LookAsync(INodeTasks tasks, DateTimeOffset now, CancellationToken cancellation)
    {
        var connection = _connection!;
        _heard.Clear();
        var stops = _heardOfStops;
        _heardOfStops = false;
        var polls = TimeProvider.System.GetElapsedTime(_polled) >= options.PollInterval || _polled == 0;
        if (polls)
        {
            _polled = TimeProvider.System.GetTimestamp();
            if (!await StillHereAsync(connection, cancellation))
            {
                TakenForDead(logger, Node);
                await EnterAsync(cancellation);
                connection = _connection!;
            }
            await ReapAsync(connection, cancellation);
        }
        var rejoined = _rejoined;
        // What a look has taken is marked as told: where it broke before it told, nothing else would ever tell. And what this node has begun under its new number goes from memory with the rest.
        var doubtful = Interlocked.Exchange(ref _doubts, 0) > 0 || _taking || rejoined;
        _taking = true;
        var askedAt = TimeProvider.System.GetTimestamp();
        var claimed = await NodeClaims.ClaimAsync(connection, Node, tasks, options.ClaimSize, cancellation);
        var activities = await NodeClaims.FreeActivitiesAsync(connection, tasks, options.ClaimSize, cancellation);
        _more = claimed.Count == options.ClaimSize;
        if (polls && !_more)
            await NodeClaims.FreeAsync(connection, options.ClaimSize, cancellation);
        var (messages, unreadable) = await NodeClaims.MessagesAsync(connection, Node, cancellation);
        var news = new HubNews
        {
            Rejoined = rejoined,
            AskedAt = askedAt,
            Wakes = await NodeClaims.DuesAsync(connection, claimed, now, cancellation),
            Messages = messages,
            Unreadable = unreadable,
            Doubtful = doubtful ? await NodeClaims.OwnedDuesAsync(connection, Node, now, cancellation) : [],
            IsDoubtful = doubtful,
            Suspects = (claimed.Count > 0 || doubtful) && CountsDeaths ? await Deaths.SuspectsAsync(connection, Node, cancellation) : [],
            Peers = polls || rejoined ? await NodeClaims.PeersAsync(connection, Node, cancellation) : null,
            Activities = activities,
            Held = polls || rejoined || doubtful || stops ? await NodeClaims.HeldAsync(connection, Node, cancellation) : null,
        };
        (_rejoined, _taking) = (false, false);
        return news;
    }

    private async Task<bool> StillHereAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var renew = TimeProvider.System.GetElapsedTime(_renewed) >= options.Lease / 3;
        await using var command = new NpgsqlCommand(
            renew
                ? "UPDATE nodes SET lease_until = now() + $2 WHERE id = $1 AND left_at IS NULL RETURNING id"
                : "SELECT id FROM nodes WHERE id = $1 AND left_at IS NULL",
            connection);
        command.Parameters.Add(Parameters.Small(Node));
        if (!renew)
            return await command.ExecuteScalarAsync(cancellation) is not null;
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Lease });
        var asked = TimeProvider.System.GetTimestamp();
        if (await command.ExecuteScalarAsync(cancellation) is null)
            return false;
        Volatile.Write(ref _renewed, asked);
        return true;
    }

    /// <summary>Ends the wait of whoever listens.</summary>
    private async Task TakeTurnAsync(CancellationToken cancellation)
    {
        var waiting = _wait;
        await waiting.CancelAsync();
        await _turn.WaitAsync(cancellation);
        _wait = new CancellationTokenSource();
        waiting.Dispose();
    }

    private async Task DropAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await NodeClaims.DiscardAsync(connection);
        }
    }

    [LoggerMessage(EventId = 1310, Level = LogLevel.Information, Message = "This process is node {Node} of the task hub")]
    private static partial void Joined(ILogger logger, int node);

    [LoggerMessage(EventId = 1311, Level = LogLevel.Warning, Message = "The other nodes have taken node {Node} for dead; it begins again under another number")]
    private static partial void TakenForDead(ILogger logger, int node);

    [LoggerMessage(EventId = 1312, Level = LogLevel.Warning, Message = "The connection that holds the place of node {Node} was lost; it is made again")]
    private static partial void SessionLost(ILogger logger, Exception exception, int node);

    [LoggerMessage(EventId = 1313, Level = LogLevel.Debug, Message = "A look for work met another node's; it is made again")]
    private static partial void LookAgain(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 1314, Level = LogLevel.Warning, Message = "Node {Node} could not say that it goes")]
    private static partial void NotLeft(ILogger logger, Exception exception, int node);
}
