using Npgsql;
using NpgsqlTypes;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Positional parameters, and arrays that carry one column of many rows.</summary>
internal static class Parameters
{
    public static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    public static NpgsqlParameter Number(long value) => new NpgsqlParameter<long> { TypedValue = value };

    public static NpgsqlParameter Small(int value) => new NpgsqlParameter<int> { TypedValue = value };

    public static NpgsqlParameter Texts<T>(IReadOnlyList<T> rows, Func<T, string?> column) => Array(NpgsqlDbType.Text, rows, column);

    public static NpgsqlParameter Numbers<T>(IReadOnlyList<T> rows, Func<T, long> column) => Array(NpgsqlDbType.Bigint, rows, column);

    public static NpgsqlParameter NumbersOrNull<T>(IReadOnlyList<T> rows, Func<T, long?> column) => Array(NpgsqlDbType.Bigint, rows, column);

    public static NpgsqlParameter Smalls<T>(IReadOnlyList<T> rows, Func<T, int> column) => Array(NpgsqlDbType.Integer, rows, column);

    public static NpgsqlParameter SmallsOrNull<T>(IReadOnlyList<T> rows, Func<T, int?> column) => Array(NpgsqlDbType.Integer, rows, column);

    public static NpgsqlParameter Flags<T>(IReadOnlyList<T> rows, Func<T, bool> column) => Array(NpgsqlDbType.Boolean, rows, column);

    public static NpgsqlParameter Bytes<T>(IReadOnlyList<T> rows, Func<T, byte[]> column) => Array(NpgsqlDbType.Bytea, rows, column);

    private static NpgsqlParameter<TColumn[]> Array<T, TColumn>(NpgsqlDbType type, IReadOnlyList<T> rows, Func<T, TColumn> column)
    {
        var values = new TColumn[rows.Count];
        for (var index = 0; index < values.Length; index++)
            values[index] = column(rows[index]);
        return new NpgsqlParameter<TColumn[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };
    }
}
