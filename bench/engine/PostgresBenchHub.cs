using Npgsql;
using SnapshotWorkflows.Tests.Support.Postgres;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>A private PostgreSQL of this run with fsync on, and a database for each engine and each floor.</summary>
internal sealed class PostgresBenchHub : IBenchHub
{
    private readonly PostgresFixture _server;
    private int _databases;

    private PostgresBenchHub(PostgresFixture server) => _server = server;

    public string Name => "postgres";

    public static async Task<IBenchHub> StartAsync() => new PostgresBenchHub(await PostgresFixture.StartAsync(fsync: true, ownSession: true));

    public DatabaseUse Use() => ProcessTree.Use(_server.ProcessId);

    public async Task<BenchPlace> NewPlaceAsync() => new(Name, await _server.CreateDatabaseAsync(), FormattableString.Invariant($"bench{_databases++}"));

    /// <summary>The server ends that with a checkpoint, so every run begins with the same room in its log.</summary>
    public async Task DropAsync(BenchPlace place)
    {
        var where = new NpgsqlConnectionStringBuilder(place.Address);
        var name = where.Database;
        where.Database = "postgres";
        await using var source = NpgsqlDataSource.Create(where);
        await using var drop = source.CreateCommand($"DROP DATABASE {name} WITH (FORCE)");
        await drop.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}

/// <summary>Each client has a connection and a prepared statement, up to 64: more would only wait for the two cores.</summary>
internal sealed class PostgresFloor : IFloor
{
    private const int MaxConnections = 64;

    private readonly NpgsqlDataSource _source;
    private readonly Connection[] _connections;

    private PostgresFloor(NpgsqlDataSource source, Connection[] connections) => (_source, _connections) = (source, connections);

    public static async Task<IFloor> OpenAsync(BenchPlace place, int clients)
    {
        var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(place.Address) { MaxPoolSize = MaxConnections + 1 });
        await using (var schema = source.CreateCommand("CREATE TABLE IF NOT EXISTS steps (workflow TEXT NOT NULL, step INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (workflow, step))"))
            await schema.ExecuteNonQueryAsync();
        var connections = new Connection[Math.Min(clients, MaxConnections)];
        for (var index = 0; index < connections.Length; index++)
            connections[index] = await Connection.OpenAsync(source);
        return new PostgresFloor(source, connections);
    }

    public Task CommitAsync(int client, string workflow, int step) => _connections[client % _connections.Length].CommitAsync(workflow, step);

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            await connection.DisposeAsync();
        await _source.DisposeAsync();
    }

    private sealed class Connection : IAsyncDisposable
    {
        private readonly SemaphoreSlim _turn = new(1);
        private readonly NpgsqlConnection _connection;
        private readonly NpgsqlCommand _insert;

        private Connection(NpgsqlConnection connection)
        {
            _connection = connection;
            _insert = new NpgsqlCommand("INSERT INTO steps VALUES ($1, $2, $3)", connection)
            {
                Parameters = { new NpgsqlParameter<string>(), new NpgsqlParameter<int>(), new NpgsqlParameter<string> { TypedValue = """{"result":1}""" } },
            };
        }

        public static async Task<Connection> OpenAsync(NpgsqlDataSource source)
        {
            var connection = new Connection(await source.OpenConnectionAsync());
            await connection._insert.PrepareAsync();
            return connection;
        }

        public async Task CommitAsync(string workflow, int step)
        {
            await _turn.WaitAsync();
            try
            {
                ((NpgsqlParameter<string>)_insert.Parameters[0]).TypedValue = workflow;
                ((NpgsqlParameter<int>)_insert.Parameters[1]).TypedValue = step;
                await _insert.ExecuteNonQueryAsync();
            }
            finally
            {
                _turn.Release();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _insert.DisposeAsync();
            await _connection.DisposeAsync();
            _turn.Dispose();
        }
    }
}
