using System.Globalization;
using Microsoft.Data.Sqlite;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <summary>The hub of one process: one file, one writer connection (WAL, synchronous=FULL), one reader connection.</summary>
public sealed class SqliteTaskHub(string path, TimeProvider time) : ITaskHub
{
    private readonly string _path = Path.GetFullPath(path);
    private readonly Lock _writing = new();
    private readonly Lock _reading = new();
    private HubLock? _lock;
    private SqliteConnection? _writer;
    private SqliteConnection? _reader;
    private Statements? _write;
    private Statements? _read;
    private long _epoch;

    /// <summary>Whether a hub of that file has, or had, work; without opening it as its owner. False where there is none, and where it cannot be read: opening it will tell.</summary>
    public static bool HasInstances(string path)
    {
        if (new FileInfo(path) is not { Exists: true, Length: > 0 }) return false;
        try
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = SqliteOpenMode.ReadWrite }.ToString());
            connection.Open();
            using var look = connection.CreateCommand();
            look.CommandText = "SELECT EXISTS (SELECT 1 FROM instances)";
            return look.ExecuteScalar() is 1L;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    /// <summary>Whether the file was removed, or another put in its place, since it was opened: all that is written is then lost with the next stop.</summary>
    public bool HasMoved
    {
        get
        {
            lock (_writing)
                return _writer is not null && OpenedFile.HasMoved(_writer);
        }
    }

    public ValueTask OpenAsync(CancellationToken cancellation)
    {
        lock (_writing)
        {
            if (_writer is not null)
                return ValueTask.CompletedTask;
            PrivateFile.MakeFolder(Path.GetDirectoryName(_path)!);
            _lock = HubLock.Take(_path);
            try
            {
                PrivateFile.Open(_path, FileShare.ReadWrite).Dispose();
                _writer = Connect("PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8192;");
                HubSchema.Migrate(_writer, _path);
                _reader = Connect("PRAGMA busy_timeout = 30000; PRAGMA query_only = 1; PRAGMA cache_size = -2048;");
                _write = new Statements(_writer);
                _read = new Statements(_reader);
                var format = Convert.ToInt32(_read.Scalar("SELECT history_format FROM hub"), CultureInfo.InvariantCulture);
                if (format > HistoryJson.FormatVersion)
                    throw new NotSupportedException($"The task hub {_path} has history format {format}; this program reads formats up to {HistoryJson.FormatVersion}. Run the newer program.");
                _write.Execute("BEGIN IMMEDIATE");
                if (_write.Scalar("SELECT in_use FROM hub") is 1L)
                    Deaths.Count(_write);
                _epoch = (long)_write.Scalar("UPDATE hub SET epoch = epoch + 1, in_use = 1 RETURNING epoch")!;
                _write.Execute("COMMIT");
            }
            catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_IOERR)
            {
                Close();
                throw new TaskHubUnavailableException($"The task hub {_path} cannot be used: {(e.SqliteErrorCode == SQLitePCL.raw.SQLITE_FULL ? "its disk is full" : $"its disk is full, or fails ({e.Message})")}.", e) { Data = { ["path"] = _path } };
            }
            catch (Exception e)
            {
                // The database's own message does not say which file it means.
                e.Data["path"] = _path;
                Close();
                throw;
            }
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<WriteResult>> CommitAsync(IReadOnlyList<HubWrite> writes, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(writes);
        cancellation.ThrowIfCancellationRequested();
        lock (_writing)
        {
            var statements = Opened(_write);
            var results = new WriteResult[writes.Count];
            statements.Execute("BEGIN IMMEDIATE");
            try
            {
                var writer = new HubWriter(statements, _epoch, time.GetUtcNow());
                for (var index = 0; index < writes.Count; index++)
                    results[index] = writer.Write(writes[index]);
                statements.Execute("COMMIT");
            }
            catch (Exception exception)
            {
                // A failed COMMIT may have rolled back already; in autocommit mode there is nothing left to undo.
                if (SQLitePCL.raw.sqlite3_get_autocommit(_writer!.Handle) == 0)
                    statements.Execute("ROLLBACK");
                if (exception is SqliteException refused && IsData(refused))
                    throw new UnwritableDataException($"The task hub {_path} does not take it: {refused.Message}", refused);
                throw;
            }
            return ValueTask.FromResult<IReadOnlyList<WriteResult>>(results);
        }
    }

    /// <summary>Result codes that are about the values and not about the file, https://sqlite.org/rescode.html: the same again would fail again.</summary>
    private static bool IsData(SqliteException exception) => exception.SqliteErrorCode
        is SQLitePCL.raw.SQLITE_TOOBIG or SQLitePCL.raw.SQLITE_CONSTRAINT or SQLitePCL.raw.SQLITE_MISMATCH or SQLitePCL.raw.SQLITE_RANGE;

    public ValueTask<InstanceSnapshot?> LoadAsync(string instanceId, CancellationToken cancellation) => Looking(reader => reader.Load(instanceId));

    public ValueTask<InstanceSnapshot?> LoadEndedAsync(string instanceId, CancellationToken cancellation) => Looking(reader => reader.LoadEnded(instanceId));

    public ValueTask<PendingWork> ReadPendingWorkAsync(CancellationToken cancellation) => Reading(reader => reader.PendingWork(time.GetUtcNow()));

    public ValueTask<IReadOnlyList<InboxMessage>> ReadTimersAsync(IReadOnlyCollection<string>? instanceIds, DateTimeOffset after, CancellationToken cancellation) =>
        Reading(reader => reader.Timers(instanceIds, after));

    public ValueTask<InstanceRecord?> ReadInstanceAsync(string instanceId, bool withData, CancellationToken cancellation) =>
        Looking(reader => reader.Instance(instanceId, withData));

    public ValueTask<Page<InstanceRecord>> QueryAsync(OrchestrationQuery query, CancellationToken cancellation) => Reading(reader => reader.Query(query));

    public ValueTask<Page<string>> ListEndedAsync(EndedFilter filter, CancellationToken cancellation) => Reading(reader => reader.Ended(filter));

    public ValueTask<EntityRecord?> ReadEntityAsync(string instanceId, bool withState, CancellationToken cancellation) =>
        Looking(reader => reader.Entity(instanceId, withState));

    public ValueTask<Page<EntityRecord>> QueryEntitiesAsync(EntityQuery query, CancellationToken cancellation) => Reading(reader => reader.Entities(query));

    public ValueTask<ExecutionStartedEvent?> ReadStartAsync(string instanceId, string executionId, CancellationToken cancellation) =>
        Looking(reader => reader.Start(instanceId, executionId));

    public ValueTask<IReadOnlyList<HistoryEvent>?> ReadHistoryAsync(string instanceId, CancellationToken cancellation) => Reading(reader => reader.History(instanceId));

    public ValueTask<string?> ReadProgressAsync(string instanceId, CancellationToken cancellation) => Looking(reader => reader.Progress(instanceId));

    public ValueTask DisposeAsync()
    {
        lock (_writing)
        {
            lock (_reading)
            {
                // Without this word the next owner takes this one for dead; one that was overtaken has nothing to say.
                try
                {
                    _write?.Execute("UPDATE hub SET in_use = 0 WHERE epoch = $0", _epoch);
                }
                catch (SqliteException)
                {
                    // The disk is full, or gone: then a death is counted too many, which is held against nobody by itself.
                }
                Close();
            }
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Short reads go over the writer's connection, between its transactions: its page cache is warm, whereas every commit empties that of any other connection.
    /// </summary>
    private ValueTask<T> Looking<T>(Func<HubReader, T> read)
    {
        lock (_writing)
            return ValueTask.FromResult(read(new HubReader(Opened(_write))));
    }

    /// <summary>Long reads must not hold up commits. One read transaction, so that an instance, its history and its inbox are of one moment.</summary>
    private ValueTask<T> Reading<T>(Func<HubReader, T> read)
    {
        lock (_reading)
        {
            var statements = Opened(_read);
            statements.Execute("BEGIN");
            try
            {
                return ValueTask.FromResult(read(new HubReader(statements)));
            }
            finally
            {
                statements.Execute("COMMIT");
            }
        }
    }

    private static Statements Opened(Statements? statements) => statements ?? throw new InvalidOperationException("The task hub is not open.");

    private SqliteConnection Connect(string pragmas)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false, DefaultTimeout = 30 }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = pragmas;
        command.ExecuteNonQuery();
        return connection;
    }

    private void Close()
    {
        _write?.Dispose();
        _read?.Dispose();
        _reader?.Dispose();
        _writer?.Dispose();
        _lock?.Dispose();
        (_write, _read, _reader, _writer, _lock) = (null, null, null, null, null);
    }
}
