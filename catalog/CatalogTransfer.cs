using System.Data.Common;

namespace SnapshotWorkflows.Catalog;

/// <summary>Carries all rows from one catalog into an empty one, whatever the kinds of the two: they have the same tables, of texts and whole numbers.</summary>
internal static class CatalogTransfer
{
    /// <summary>In the order of <see cref="Schema"/>.</summary>
    public static IReadOnlyList<string> Tables { get; } = ["requests", "intents", "volume_slots", "snapshots", "policies", "audit", "events", "usage_records", "reports", "primary_usage"];

    /// <summary>From one consistent view, in one transaction of the target.</summary>
    /// <param name="settle">What the target has to do once the rows are in.</param>
    /// <exception cref="CatalogException"><c>catalog.not-empty</c>: nothing was written.</exception>
    public static void Fill(ICatalogStore target, ICatalogStore source, Action<DbConnection, DbTransaction>? settle = null) => source.Read(from => target.Write((to, transaction) =>
    {
        foreach (var table in Tables)
        {
            using var any = to.Command(transaction, $"SELECT 1 FROM {table} LIMIT 1");
            if (any.ExecuteScalar() is not null)
                throw new CatalogException("catalog.not-empty", $"The catalog on {target.Place} has rows in {table}; nothing was written.", "Name a new, empty database in Catalog:ConnectionString, and keep the old one until all is well.");
        }

        foreach (var table in Tables) Copy(table, from, to, transaction);
        settle?.Invoke(to, transaction);
        return true;
    }));

    private static void Copy(string table, DbConnection from, DbConnection to, DbTransaction transaction)
    {
        using var read = from.Command(null, $"SELECT * FROM {table}");
        using var rows = read.ExecuteReader();
        var columns = Enumerable.Range(0, rows.FieldCount).Select(rows.GetName).ToList();
        var insert = $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(column => $"@{column}"))})";
        while (rows.Read())
        {
            using var write = to.Command(transaction, insert);
            for (var column = 0; column < columns.Count; column++) write.With(columns[column], rows.IsDBNull(column) ? null : rows.GetValue(column));
            write.ExecuteNonQuery();
        }
    }
}
