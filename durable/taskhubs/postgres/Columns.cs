using Npgsql;
using NpgsqlTypes;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Columns of rows as parameters: values where there is one row, else arrays. See <see cref="Rows"/>.</summary>
internal readonly struct Columns<T>(IReadOnlyList<T> rows)
{
    public bool IsSingle => rows.Count == 1;

    public NpgsqlParameter Text(Func<T, string?> column) => IsSingle ? Parameters.Text(column(rows[0])) : Parameters.Texts(rows, column);

    public NpgsqlParameter Number(Func<T, long> column) => IsSingle ? Parameters.Number(column(rows[0])) : Parameters.Numbers(rows, column);

    public NpgsqlParameter NumberOrNull(Func<T, long?> column) => IsSingle ? OrNull(NpgsqlDbType.Bigint, column(rows[0])) : Parameters.NumbersOrNull(rows, column);

    public NpgsqlParameter Small(Func<T, int> column) => IsSingle ? Parameters.Small(column(rows[0])) : Parameters.Smalls(rows, column);

    public NpgsqlParameter SmallOrNull(Func<T, int?> column) => IsSingle ? OrNull(NpgsqlDbType.Integer, column(rows[0])) : Parameters.SmallsOrNull(rows, column);

    public NpgsqlParameter Flag(Func<T, bool> column) => IsSingle ? new NpgsqlParameter<bool> { TypedValue = column(rows[0]) } : Parameters.Flags(rows, column);

    private static NpgsqlParameter OrNull<TValue>(NpgsqlDbType type, TValue? value)
        where TValue : struct => value is { } some ? new NpgsqlParameter<TValue> { TypedValue = some, NpgsqlDbType = type } : new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = type };
}
