namespace SnapshotWorkflows.Catalog;

/// <summary>The last report of each upkeep, as it is shown.</summary>
public sealed class UpkeepReports(CatalogDatabase database, TimeProvider time)
{
    public void Save(string name, string json) => database.Write($"report {name}", (connection, transaction) =>
    {
        using var put = connection.Command(transaction, "INSERT INTO reports (name, at, report) VALUES (@name, @at, @report) ON CONFLICT (name) DO UPDATE SET at=@at, report=@report")
            .With("@name", name).With("@at", time.GetUtcNow().Stored()).With("@report", json);
        return put.ExecuteNonQuery();
    });

    /// <summary>Null before the first.</summary>
    public string? Find(string name) => database.Read(connection =>
    {
        using var read = connection.Command(null, "SELECT report FROM reports WHERE name=@name").With("@name", name);
        return read.ExecuteScalar() as string;
    });
}
