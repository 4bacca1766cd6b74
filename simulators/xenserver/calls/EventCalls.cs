namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>event.from: what changed since a token, or the whole state for an empty one.</summary>
internal static class EventCalls
{
    public static void Register(MethodTable methods)
    {
        methods.Sync("event.from", 3, From);
        methods.Sync("event.inject", 2, c =>
        {
            var row = c.Db.Find<Row>(c.Text(1)) ?? throw new XenError("HANDLE_INVALID", c.Text(0), c.Text(1));
            c.Db.Touch(row);
            return Token(c.Db.Generation);
        });
    }

    private static object From(Call call)
    {
        var classes = call.Set(0).Select(c => c.ToLowerInvariant()).ToList();
        if (classes.Exists(c => c.Length == 0))
            throw new XenError("EVENT_SUBSCRIPTION_PARSE_FAILURE", "");
        var token = call.Text(1);
        long since = -1;
        if (token.Length > 0 && !long.TryParse(token.Split(',')[0], out since))
            throw new XenError("EVENT_FROM_TOKEN_PARSE_FAILURE", token);
        return new EventWait(classes, since, TimeSpan.FromSeconds(call.Number(2)));
    }

    public static string Token(long generation) => $"{generation:D20},{0:D20}";
}

/// <summary>An event.from that may have to wait.</summary>
internal sealed record EventWait(IReadOnlyList<string> Classes, long Since, TimeSpan Timeout)
{
    /// <summary>The answer as of now; null when there is nothing to tell yet. Runs under the pool's lock.</summary>
    public Dictionary<string, object?>? Poll(Pool pool, bool timedOut)
    {
        var db = pool.Db;
        var events = new List<object?>();
        var changes = Since < 0 ? null : db.Since(Since);
        if (changes is null)
        {
            foreach (var row in db.All<Row>())
                if (Wants(row.Table, row.Ref))
                    events.Add(Event(pool, events.Count, row.Table, row.Ref, Since < 0 ? "add" : "mod"));
        }
        else
        {
            foreach (var group in changes.Where(c => Wants(c.Table, c.Ref)).GroupBy(c => c.Ref))
            {
                var gone = db.Find<Row>(group.Key) is null;
                var isNew = group.Any(c => c.Operation == "add");
                if (gone && isNew)
                    continue;
                events.Add(Event(pool, group.Last().Generation, group.First().Table, group.Key, gone ? "del" : isNew ? "add" : "mod"));
            }
        }

        if (events.Count == 0 && !timedOut)
            return null;
        return new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["events"] = events,
            ["valid_ref_counts"] = db.All<Row>().GroupBy(r => r.Table.ToLowerInvariant()).ToDictionary(g => g.Key, object? (g) => (long)g.Count(), StringComparer.Ordinal),
            ["token"] = EventCalls.Token(db.Generation),
        };
    }

    private static Dictionary<string, object?> Event(Pool pool, long id, string table, string reference, string operation)
    {
        var e = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["id"] = id, ["timestamp"] = XenDate.Text(pool.Now), ["class"] = table.ToLowerInvariant(), ["operation"] = operation, ["ref"] = reference,
        };
        if (pool.Db.Find<Row>(reference) is { } row)
            e["snapshot"] = row.Record(pool.Db);
        return e;
    }

    private bool Wants(string table, string reference) => Classes.Any(c =>
        c == "*" || string.Equals(c, table, StringComparison.OrdinalIgnoreCase)
        || string.Equals(c, table + "/" + reference, StringComparison.OrdinalIgnoreCase));
}
