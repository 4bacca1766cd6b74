using System.Globalization;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Events: event.from with tokens, and the older event.register and event.next of a session.</summary>
internal static class EventCalls
{
    public static void Register(MethodTable methods)
    {
        methods.Sync("event.from", 3, From);
        methods.Sync("event.get_current_id", 0, c => c.Db.Generation);
        methods.Sync("event.register", 1, c =>
        {
            if (c.Session!.Subscriptions.Count == 0)
                c.Session.SeenGeneration = c.Db.Generation;
            c.Session.Subscriptions.UnionWith(Classes(c));
            return null;
        });
        methods.Sync("event.unregister", 1, c =>
        {
            c.Session!.Subscriptions.ExceptWith(Classes(c));
            return null;
        });
        methods.Sync("event.next", 0, c => c.Session!.Subscriptions.Count == 0
            ? throw new XenError("SESSION_NOT_REGISTERED", c.Session.Ref)
            : new NextEvents(c.Session));
        methods.Sync("event.inject", 2, c =>
        {
            var row = c.Db.Find<Row>(c.Text(1));
            if (row is null || !string.Equals(row.Table, c.Text(0), StringComparison.OrdinalIgnoreCase))
                throw new XenError("HANDLE_INVALID", c.Text(0), c.Text(1));
            c.Db.Touch(row);
            return Token(c.Db.Generation);
        });
    }

    public static string Token(long generation) => $"{generation:D20},{0:D20}";

    private static object From(Call call)
    {
        var token = call.Text(1);
        long since = -1;
        if (token.Length > 0)
        {
            var parts = token.Split(',');
            if (parts.Length != 2 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out since)
                || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _))
                throw new XenError("EVENT_FROM_TOKEN_PARSE_FAILURE", token);
        }

        // No client waits longer than a day for one answer.
        return new EventsFrom(call.Session!, Classes(call), since, TimeSpan.FromSeconds(Math.Clamp(call.Number(2), 0, 86_400)));
    }

    private static List<string> Classes(Call call)
    {
        var classes = call.Set(0).Select(c => c.ToLowerInvariant()).ToList();
        return classes.Find(c => c.Length == 0 || c.Count(x => x == '/') > 1) is { } bad ? throw new XenError("EVENT_SUBSCRIPTION_PARSE_FAILURE", bad) : classes;
    }
}
