using System.Data.Common;
using System.Globalization;

namespace SnapshotWorkflows.Catalog;

/// <summary>Who did what to what, when, and how it ended. Rows are only added.</summary>
public sealed class AuditTrail(CatalogDatabase database, TimeProvider time)
{
    /// <param name="who">Name of a key, or of the policy or timer that acted.</param>
    /// <param name="what">A verb such as <c>policy.put</c>.</param>
    /// <param name="subject">What it was done to: a snapshot's uuid, a policy's name.</param>
    /// <param name="outcome"><c>done</c>, <c>refused</c> or <c>failed</c>.</param>
    public void Add(string who, string what, string subject, string outcome, string? detail = null) =>
        database.Write($"audit {what}", (connection, transaction) => Note(connection, transaction, time.GetUtcNow(), who, what, subject, outcome, detail));

    /// <summary>Within the transaction of what is noted.</summary>
    internal static int Note(DbConnection connection, DbTransaction transaction, DateTimeOffset at, string who, string what, string subject, string outcome, string? detail)
    {
        using var insert = connection.Command(transaction, "INSERT INTO audit (at, who, what, subject, outcome, detail) VALUES (@at, @who, @what, @subject, @outcome, CAST(@detail AS TEXT))")
            .With("@at", at.Stored()).With("@who", who).With("@what", what).With("@subject", subject).With("@outcome", outcome).With("@detail", detail);
        return insert.ExecuteNonQuery();
    }

    /// <summary>Oldest first, after the row of that id.</summary>
    public IReadOnlyList<AuditRow> List(string? subject, long after, int top) => database.Read<IReadOnlyList<AuditRow>>(connection =>
    {
        using var read = connection.CreateCommand();
        read.CommandText = "SELECT id, at, who, what, subject, outcome, detail FROM audit WHERE id>@after AND (CAST(@subject AS TEXT) IS NULL OR subject=@subject) ORDER BY id LIMIT @top";
        read.With("@after", after);
        read.With("@subject", subject);
        read.With("@top", top);
        using var reader = read.ExecuteReader();
        var rows = new List<AuditRow>();
        while (reader.Read())
        {
            rows.Add(new AuditRow(
                reader.GetInt64(0), DateTimeOffset.ParseExact(reader.GetString(1), "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.IsDBNull(6) ? null : reader.GetString(6)));
        }

        return rows;
    });
}

public sealed record AuditRow(long Id, DateTimeOffset At, string Who, string What, string Subject, string Outcome, string? Detail);
