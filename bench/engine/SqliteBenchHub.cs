using Microsoft.Data.Sqlite;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>A file a run, in one folder. The floor has WAL and synchronous=FULL as the engine has.</summary>
internal sealed class SqliteBenchHub(string folder) : IBenchHub
{
    private int _files;

    public string Name => "sqlite";

    public DatabaseUse Use() => default;

    public Task<BenchPlace> NewPlaceAsync() => Task.FromResult(new BenchPlace(Name, Path.Combine(folder, $"run{_files++}", "hub.db"), ""));

    public Task DropAsync(BenchPlace place)
    {
        Directory.Delete(Path.GetDirectoryName(place.Address)!, recursive: true);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>
/// SQLite has one writer, so the clients take turns on one connection with one prepared statement: connections of their own would only add waiting for the file's lock.
/// </summary>
internal sealed class SqliteFloor : IFloor
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;

    public SqliteFloor(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _connection.Open();
        using (var schema = _connection.CreateCommand())
        {
            schema.CommandText = """
                PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
                CREATE TABLE steps (workflow TEXT NOT NULL, step INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (workflow, step)) STRICT, WITHOUT ROWID;
                """;
            schema.ExecuteNonQuery();
        }
        _insert = _connection.CreateCommand();
        _insert.CommandText = "INSERT INTO steps VALUES ($workflow, $step, $data)";
        _insert.Parameters.Add("$workflow", SqliteType.Text);
        _insert.Parameters.Add("$step", SqliteType.Integer);
        _insert.Parameters.AddWithValue("$data", """{"result":1}""");
        _insert.Prepare();
    }

    public async Task CommitAsync(int client, string workflow, int step)
    {
        await _turn.WaitAsync();
        try
        {
            _insert.Parameters[0].Value = workflow;
            _insert.Parameters[1].Value = step;
            _insert.ExecuteNonQuery();
        }
        finally
        {
            _turn.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        _insert.Dispose();
        _connection.Dispose();
        _turn.Dispose();
        return ValueTask.CompletedTask;
    }
}
