using System.Data.Common;
using System.Globalization;

namespace SnapshotWorkflows.Catalog;

/// <summary>Short forms of ADO.NET that both dialects understand.</summary>
internal static class Commands
{
    public static DbCommand Command(this DbConnection connection, DbTransaction? transaction, string sql)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // Only text of ours comes here; what others give comes as parameters.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }

    /// <param name="value">Text, a whole number, or null: which must then stand in a CAST, or PostgreSQL cannot tell its type.</param>
    public static DbCommand With(this DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
        return command;
    }

    public static int Execute(this DbConnection connection, DbTransaction? transaction, string sql)
    {
        using var command = connection.Command(transaction, sql);
        return command.ExecuteNonQuery();
    }

    public static List<T> All<T>(this DbCommand command, Func<DbDataReader, T> read)
    {
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    public static string? Text(this DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    /// <summary>One width and one zone, so that text compares as time does.</summary>
    public static string Stored(this DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    public static DateTimeOffset Time(this DbDataReader reader, int column) =>
        DateTimeOffset.ParseExact(reader.GetString(column), "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUniversalTime();
}
