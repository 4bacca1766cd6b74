using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Catalog;

/// <summary>CloudStack's events that were taken in: each once, however often it is delivered, and until it is handed over to its workflow.</summary>
public sealed class EventLedger(CatalogDatabase database, TimeProvider time)
{
    /// <summary>Takes an event in, durably.</summary>
    /// <returns>False when its id was here before, whatever it said then.</returns>
    public bool Accept(CloudEvent occurred) => database.Write("event", (connection, transaction) =>
    {
        using var insert = connection.Command(transaction, """
            INSERT INTO events (id, received_at, type, entity_id, instance_id, state) VALUES (@id, @at, @type, @entity, @instance, 'stored')
            ON CONFLICT (id) DO NOTHING
            """).With("@id", occurred.Id).With("@at", time.GetUtcNow().Stored()).With("@type", occurred.Type).With("@entity", occurred.EntityId).With("@instance", occurred.Instance.Value);
        return insert.ExecuteNonQuery() == 1;
    });

    /// <summary>Its workflow is started.</summary>
    public void Started(string id) => database.Write("event started", (connection, transaction) =>
    {
        using var update = connection.Command(transaction, "UPDATE events SET state='started' WHERE id=@id").With("@id", id);
        return update.ExecuteNonQuery();
    });

    /// <summary>Events whose workflow a death kept from being started, oldest first.</summary>
    public IReadOnlyList<CloudEvent> Waiting(int top) => database.Read<IReadOnlyList<CloudEvent>>(connection =>
    {
        using var read = connection.Command(null, "SELECT id, type, entity_id FROM events WHERE state='stored' ORDER BY received_at LIMIT @top").With("@top", top);
        return read.All(reader => new CloudEvent(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
    });

    /// <summary>Forgets ids that nobody delivers any more. What they started is not started again: it has an identity of its own.</summary>
    public int Forget(DateTimeOffset before) => database.Write("events forgotten", (connection, transaction) =>
    {
        using var delete = connection.Command(transaction, "DELETE FROM events WHERE state='started' AND received_at<@before").With("@before", before.Stored());
        return delete.ExecuteNonQuery();
    });
}
