using System.Data.Common;
using System.Globalization;
using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Catalog;

/// <summary>Which request became which instance. Kept longer than instances: the same key and body always get the same answer.</summary>
public sealed class IdempotencyLedger(CatalogDatabase database, TimeProvider time)
{
    /// <summary>
    /// Claims a key for a body. The first claim decides the instance; it is durable before anything is started, so a crash between the two is
    /// mended by the caller's next try.
    /// </summary>
    /// <param name="caller">Name of the key that was used, never the key.</param>
    /// <param name="bodyHash">SHA-256 of the body's meaning.</param>
    public RequestClaim Claim(string caller, string route, string idempotencyKey, string bodyHash, RequestKey proposed) => ClaimUnlessOthers(caller, route, idempotencyKey, bodyHash, proposed, known: null)!;

    /// <summary>As <see cref="Claim"/>, for a route of which one is to be under way at a time: whoever has looked at its claims claims only where no other has come since.</summary>
    /// <param name="known">The instances that were looked at; null: others do not matter.</param>
    /// <returns>Null where there is another: it is to be looked at first.</returns>
    public RequestClaim? ClaimUnlessOthers(string caller, string route, string idempotencyKey, string bodyHash, RequestKey proposed, IReadOnlyCollection<RequestKey>? known) =>
        database.Write("request", (connection, transaction) =>
        {
            if (Find(connection, transaction, caller, route, idempotencyKey, bodyHash) is { } claimed) return claimed;
            if (known is not null && Of(connection, transaction, route).Any(other => !known.Contains(other.Instance))) return null;
            using var insert = connection.CreateCommand();
            insert.Transaction = transaction;
            insert.CommandText = "INSERT INTO requests VALUES (@caller, @route, @key, @hash, @instance, @now)";
            insert.With("@caller", caller);
            insert.With("@route", route);
            insert.With("@key", idempotencyKey);
            insert.With("@hash", bodyHash);
            insert.With("@instance", proposed.Value);
            insert.With("@now", time.GetUtcNow().Stored());
            insert.ExecuteNonQuery();
            return new RequestClaim(proposed, ClaimOutcome.New);
        });

    /// <summary>What a key was claimed for; null when it never was.</summary>
    public RequestClaim? Find(string caller, string route, string idempotencyKey, string bodyHash) => database.Read(connection => Find(connection, null, caller, route, idempotencyKey, bodyHash));

    private RequestClaim? Find(DbConnection connection, DbTransaction? transaction, string caller, string route, string idempotencyKey, string bodyHash)
    {
        using var find = connection.Command(transaction, "SELECT body_hash, instance_id, created_at FROM requests WHERE caller=@caller AND route=@route AND idempotency_key=@key")
            .With("@caller", caller).With("@route", route).With("@key", idempotencyKey);
        using var reader = find.ExecuteReader();
        if (!reader.Read()) return null;
        return Claimed(reader.GetString(1), reader.GetString(2), reader.GetString(0) == bodyHash ? ClaimOutcome.Repeated : ClaimOutcome.OtherBody);
    }

    /// <summary>What the route was asked for, by whomever. In no order: under a clock that was wrong for a while the last is not the one with the latest time.</summary>
    public IReadOnlyList<RequestClaim> Of(string route) => database.Read(connection => Of(connection, null, route));

    private List<RequestClaim> Of(DbConnection connection, DbTransaction? transaction, string route)
    {
        using var list = connection.Command(transaction, "SELECT instance_id, created_at FROM requests WHERE route=@route").With("@route", route);
        using var reader = list.ExecuteReader();
        var claims = new List<RequestClaim>();
        while (reader.Read()) claims.Add(Claimed(reader.GetString(0), reader.GetString(1), ClaimOutcome.Repeated));
        return claims;
    }

    private RequestClaim Claimed(string instance, string at, ClaimOutcome outcome)
    {
        var claimedAt = DateTimeOffset.Parse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        return new RequestClaim(new RequestKey(instance), outcome) { Age = time.GetUtcNow() - claimedAt, At = claimedAt };
    }
}

/// <param name="Instance">The instance that this key stands for.</param>
public sealed record RequestClaim(RequestKey Instance, ClaimOutcome Outcome)
{
    /// <summary>How long ago the key was claimed first.</summary>
    public TimeSpan Age { get; init; }

    /// <summary>When that was; not told of a new one.</summary>
    public DateTimeOffset At { get; init; }
}

public enum ClaimOutcome
{
    /// <summary>Seen for the first time.</summary>
    New,

    /// <summary>Seen before with this very body.</summary>
    Repeated,

    /// <summary>Seen before with another body: refused.</summary>
    OtherBody,
}
