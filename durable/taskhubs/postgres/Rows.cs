using System.Globalization;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// Rows that come as one array parameter a column. In the select list the arrays are unnested value by value; <c>FROM unnest($1, $2, ...)</c> would make a tuple store for each of
/// them at every execution, which cost three quarters of a small commit (docs/performance.md).
/// </summary>
internal static class Rows
{
    /// <param name="alias">Of the rows in the statement.</param>
    /// <param name="columns">In the order of the parameters, from $1 on.</param>
    public static string Of(string alias, params ReadOnlySpan<string> columns)
    {
        var unnested = new string[columns.Length];
        for (var index = 0; index < unnested.Length; index++)
            unnested[index] = string.Create(CultureInfo.InvariantCulture, $"unnest(${index + 1}) AS {columns[index]}");
        return $"(SELECT {string.Join(", ", unnested)}) AS {alias}";
    }
}
