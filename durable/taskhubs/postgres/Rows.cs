using System.Globalization;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// Rows that come as one parameter a column: an array, or with a single row its value. Arrays are unnested in the select list, value by value; <c>FROM unnest($1, $2, ...)</c> would make a
/// tuple store for each of them at every execution, which cost three quarters of a small commit (docs/performance.md).
/// </summary>
internal sealed class Rows
{
    public static readonly Rows Many = new("unnest(${0})");
    public static readonly Rows One = new("${0}");

    private readonly string _value;

    private Rows(string value) => _value = value;

    /// <param name="alias">Of the rows in the statement.</param>
    /// <param name="columns">In the order of the parameters, from $1 on.</param>
    public string Of(string alias, params ReadOnlySpan<string> columns)
    {
        var values = new string[columns.Length];
        for (var index = 0; index < values.Length; index++)
            values[index] = $"{_value.Replace("{0}", (index + 1).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)} AS {columns[index]}";
        return $"(SELECT {string.Join(", ", values)}) AS {alias}";
    }
}
