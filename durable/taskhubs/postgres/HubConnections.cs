using System.Globalization;
using System.Net.Sockets;
using Npgsql;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Where connections come from, and what their failures mean.</summary>
internal sealed class HubConnections : IAsyncDisposable
{
    private readonly NpgsqlConnectionStringBuilder _where;
    private readonly NpgsqlDataSource _source;
    private readonly TimeSpan _lease;

    /// <exception cref="TaskHubUnavailableException">The connection string is none.</exception>
    public HubConnections(PostgresHubOptions options)
    {
        if (options.HubName.Length is 0 or > 60 || !options.HubName.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_'))
            throw new ArgumentException($"'{options.HubName}' cannot be a hub's name: letters, digits and underscores, 60 at most.", nameof(options));
#pragma warning disable CA1308 // PostgreSQL folds names to lower case.
        _lease = options.Lease;
        Schema = options.HubName.ToLowerInvariant();
#pragma warning restore CA1308
        try
        {
            _where = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The exception may quote the string, and with it the password.
            throw new TaskHubUnavailableException("The connection string of the task hub is none of PostgreSQL's: it has the form 'Host=...;Database=...;Username=...;Password=...'.");
        }
        _where.SearchPath = $"\"{Schema}\"";
        _where.MaxAutoPrepare = 200;
        _where.AutoPrepareMinUsages = 2;
        _where.NoResetOnClose = true;
        _where.IncludeErrorDetail = false;
        _where.PersistSecurityInfo = false;
        if (string.IsNullOrEmpty(_where.ApplicationName))
            _where.ApplicationName = "SnapshotWorkflows task hub";
        _source = NpgsqlDataSource.Create(_where);
    }

    /// <summary>SQLSTATE idle_in_transaction_session_timeout.</summary>
    private const string IdleInTransaction = "25P03";

    public string Schema { get; }

    /// <summary>For messages: no password, nothing else that is secret.</summary>
    public string Place => $"PostgreSQL {_where.Host}:{_where.Port}, database {_where.Database ?? _where.Username}, user {_where.Username}";

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellation) => _source.OpenConnectionAsync(cancellation);

    /// <summary>
    /// A connection for commits. They reach every row by its key with a few statements that are always the same, so their plans are made once, by index; without that the server plans
    /// arrays anew at each execution, and by the statistics of tables that were empty a moment ago. It stays with its owner until it is closed. Where its process stands still, or its machine is
    /// gone, in the middle of a transaction, the server ends it with the node's lease: others wait for the rows. In the middle of a message only the probes of TCP tell the server (over a socket of
    /// the same machine there are none, and no need).
    /// </summary>
    public async ValueTask<NpgsqlConnection> OpenForCommitsAsync(CancellationToken cancellation)
    {
        using var driver = new DriverCancellation(cancellation);
        var connection = await OpenAsync(driver.Token);
        try
        {
            await using var settings = new NpgsqlCommand(
                """
                SELECT set_config(name, value, false) FROM (VALUES
                    ('plan_cache_mode', 'force_generic_plan'), ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'), ('jit', 'off'),
                    ('idle_in_transaction_session_timeout', $1), ('tcp_keepalives_idle', $2), ('tcp_keepalives_interval', $2), ('tcp_keepalives_count', '2')) AS s(name, value)
                """,
                connection);
            settings.Parameters.Add(Parameters.Text(string.Create(CultureInfo.InvariantCulture, $"{_lease.TotalMilliseconds:F0}")));
            settings.Parameters.Add(Parameters.Text(string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, _lease.TotalSeconds / 3):F0}")));
            await settings.ExecuteNonQueryAsync(driver.Token);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The server is away, going or coming, or a stand-by that is not yet its successor, or the connection broke: the same again may succeed.</summary>
    public static bool IsLost(Exception exception) => exception switch
    {
        PostgresException server => server.SqlState
            is IdleInTransaction or PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections
            || server.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException driver => driver.InnerException is IOException or SocketException or TimeoutException or null,
        InvalidOperationException closed => closed is ObjectDisposedException || closed.Message.Contains("onnection", StringComparison.Ordinal),
        _ => exception is IOException or SocketException or TimeoutException,
    };

    public TaskHubUnavailableException Unavailable(Exception cause) => new($"The task hub cannot be used: {Place}: {cause.Message}", cause);

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
