using System.Globalization;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A call that may have to wait for something to happen in the pool. It ends when its session does.</summary>
internal abstract class EventWait(SessionRow session, TimeSpan timeout)
{
    public SessionRow Session { get; } = session;

    public TimeSpan Timeout { get; } = timeout;

    /// <summary>The answer as of now; null when there is nothing to tell yet. Runs under the pool's lock.</summary>
    public abstract object? Poll(Pool pool, bool timedOut);

    protected static bool Wants(IEnumerable<string> classes, string table, string reference) => classes.Any(c =>
        c == "*" || string.Equals(c, table, StringComparison.OrdinalIgnoreCase)
        || string.Equals(c, table + "/" + reference, StringComparison.OrdinalIgnoreCase));

    /// <summary>What happened since a generation, one event an object: intermediate states are lost.</summary>
    protected static List<object?> Events(Pool pool, IEnumerable<Change> changes, IReadOnlyCollection<string> classes)
    {
        var events = new List<object?>();
        foreach (var group in changes.Where(c => Wants(classes, c.Table, c.Ref)).GroupBy(c => c.Ref))
        {
            var gone = pool.Db.Find<Row>(group.Key) is null;
            var isNew = group.Any(c => c.Operation == "add");
            if (!gone || !isNew)
                events.Add(Event(pool, group.Last().Generation, group.First().Table, group.Key, gone ? "del" : isNew ? "add" : "mod"));
        }

        return events;
    }

    /// <summary>Times of events are always "0.0" (xapi-project/xen-api ocaml/xapi/xapi_event.ml).</summary>
    protected static Dictionary<string, object?> Event(Pool pool, long id, string table, string reference, string operation)
    {
        var e = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["id"] = id.ToString(CultureInfo.InvariantCulture), ["timestamp"] = "0.0", ["class"] = table.ToLowerInvariant(), ["operation"] = operation, ["ref"] = reference,
        };
        if (pool.Db.Find<Row>(reference) is { } row)
            e["snapshot"] = row.Record(pool.Db);
        return e;
    }
}

/// <summary>event.from.</summary>
internal sealed class EventsFrom(SessionRow session, IReadOnlyList<string> classes, long since, TimeSpan timeout) : EventWait(session, timeout)
{
    public override object? Poll(Pool pool, bool timedOut)
    {
        var db = pool.Db;
        List<object?> events;
        if (since >= 0 && db.Since(since) is { } changes)
        {
            events = Events(pool, changes, classes);
        }
        else
        {
            // Full state: for an empty token, and for one so old that nothing is remembered of it.
            events = [];
            foreach (var row in db.All<Row>())
                if (Wants(classes, row.Table, row.Ref))
                    events.Add(Event(pool, db.Generation, row.Table, row.Ref, since < 0 ? "add" : "mod"));
        }

        if (events.Count == 0 && !timedOut)
            return null;
        return new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["events"] = events,
            ["valid_ref_counts"] = db.All<Row>().GroupBy(r => r.Table.ToLowerInvariant()).ToDictionary(g => g.Key, object? (g) => g.Count(), StringComparer.Ordinal),
            ["token"] = EventCalls.Token(db.Generation),
        };
    }
}

/// <summary>event.next of a session that registered; blocks until there is an event.</summary>
internal sealed class NextEvents(SessionRow session) : EventWait(session, TimeSpan.FromHours(1))
{
    public override object? Poll(Pool pool, bool timedOut)
    {
        var changes = pool.Db.Since(Session.SeenGeneration);
        if (changes is null)
        {
            Session.SeenGeneration = pool.Db.Generation;
            throw new XenError("EVENTS_LOST");
        }

        var events = Events(pool, changes, Session.Subscriptions);
        if (events.Count == 0 && !timedOut)
            return null;
        Session.SeenGeneration = pool.Db.Generation;
        return events;
    }
}
