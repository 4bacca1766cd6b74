using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <summary>
/// Prepared statements of one connection, kept for its life. Parameters are positional: $0, $1, ... What a turn runs goes to SQLite's own functions: the command object around each
/// statement costs more than the statement.
/// </summary>
internal sealed class Statements(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, Prepared> _prepared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SqliteCommand> _readers = new(StringComparer.Ordinal);

    /// <summary>The number of the row inserted last. RETURNING would cost a temporary table each time.</summary>
    public long LastRow => raw.sqlite3_last_insert_rowid(connection.Handle);

    /// <returns>Rows changed; of no meaning for statements that change none.</returns>
    public int Execute(string sql, params ReadOnlySpan<object?> values)
    {
        var statement = Bind(sql, values);
        try
        {
            while (Step(statement))
            {
            }
            return raw.sqlite3_changes(connection.Handle);
        }
        finally
        {
            raw.sqlite3_reset(statement);
        }
    }

    public object? Scalar(string sql, params ReadOnlySpan<object?> values)
    {
        var statement = Bind(sql, values);
        try
        {
            return !Step(statement) ? null : raw.sqlite3_column_type(statement, 0) switch
            {
                raw.SQLITE_INTEGER => raw.sqlite3_column_int64(statement, 0),
                raw.SQLITE_FLOAT => raw.sqlite3_column_double(statement, 0),
                raw.SQLITE_TEXT => raw.sqlite3_column_text(statement, 0).utf8_to_string(),
                raw.SQLITE_BLOB => raw.sqlite3_column_blob(statement, 0).ToArray(),
                _ => null,
            };
        }
        finally
        {
            raw.sqlite3_reset(statement);
        }
    }

    public SqliteDataReader Read(string sql, params ReadOnlySpan<object?> values)
    {
        if (!_readers.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (var index = 0; index < values.Length; index++)
                command.Parameters.Add(new SqliteParameter("$" + index, values[index] ?? DBNull.Value));
            command.Prepare();
            _readers.Add(sql, command);
        }
        for (var index = 0; index < values.Length; index++)
            command.Parameters[index].Value = values[index] ?? DBNull.Value;
        return command.ExecuteReader();
    }

    public void Dispose()
    {
        foreach (var prepared in _prepared.Values)
            prepared.Statement.Dispose();
        foreach (var command in _readers.Values)
            command.Dispose();
    }

    private sqlite3_stmt Bind(string sql, ReadOnlySpan<object?> values)
    {
        if (!_prepared.TryGetValue(sql, out var prepared))
        {
            Check(raw.sqlite3_prepare_v2(connection.Handle, sql, out var made));
            prepared = new Prepared(made, [.. Enumerable.Range(0, values.Length).Select(index => raw.sqlite3_bind_parameter_index(made, "$" + index))]);
            _prepared.Add(sql, prepared);
        }
        for (var index = 0; index < values.Length; index++)
        {
            if (prepared.Parameters[index] > 0) // a probe may use fewer than the statement it is asked for
                Check(Bind(prepared.Statement, prepared.Parameters[index], values[index]));
        }
        return prepared.Statement;
    }

    private static int Bind(sqlite3_stmt statement, int parameter, object? value) => value switch
    {
        null => raw.sqlite3_bind_null(statement, parameter),
        string text => raw.sqlite3_bind_text(statement, parameter, text),
        long number => raw.sqlite3_bind_int64(statement, parameter, number),
        int number => raw.sqlite3_bind_int64(statement, parameter, number),
        bool flag => raw.sqlite3_bind_int64(statement, parameter, flag ? 1 : 0),
        byte[] bytes => raw.sqlite3_bind_blob(statement, parameter, bytes),
        _ => throw new ArgumentException($"{value.GetType()} has no form in SQLite here.", nameof(value)),
    };

    private bool Step(sqlite3_stmt statement)
    {
        var result = raw.sqlite3_step(statement);
        if (result is raw.SQLITE_ROW or raw.SQLITE_DONE)
            return result == raw.SQLITE_ROW;
        SqliteException.ThrowExceptionForRC(result, connection.Handle);
        return false;
    }

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, connection.Handle);

    /// <param name="Parameters">SQLite's numbers of $0, $1, ...</param>
    private sealed record Prepared(sqlite3_stmt Statement, int[] Parameters);
}
