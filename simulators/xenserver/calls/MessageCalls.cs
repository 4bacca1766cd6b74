using System.Globalization;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Messages to the operator.</summary>
internal static class MessageCalls
{
    public static void Register(MethodTable methods)
    {
        methods.Sync("message.create", 5, Create);
        methods.Sync("message.destroy", 1, c =>
        {
            c.Db.Remove(c.Row<MessageRow>(0, "message"));
            return null;
        });
        methods.Sync("message.destroy_many", 1, c =>
        {
            foreach (var message in c.Set(0).Select(r => c.Db.Get<MessageRow>("message", r)).ToList())
                c.Db.Remove(message);
            return null;
        });
        methods.Sync("message.get", 3, c => Records(c, m => m.Class == c.Text(0) && m.ObjectUuid == c.Text(1) && m.Timestamp > Since(c, 2)));
        methods.Sync("message.get_since", 1, c => Records(c, m => m.Timestamp > Since(c, 0)));
    }

    private static object? Create(Call call)
    {
        var (cls, uuid) = (call.Text(2), call.Text(3));
        // The class is spelled as the API's enumeration has it; the object must be there.
        if (call.Db.Table(cls).All(r => r.Uuid != uuid))
            throw new XenError("UUID_INVALID", cls, uuid);
        return call.Db.Add(new MessageRow(call.Pool.Ids.New())
        {
            Name = call.Text(0), Priority = call.Size(1), Class = cls, ObjectUuid = uuid, Body = call.Text(4), Timestamp = call.Pool.Now,
        }).Ref;
    }

    private static object? Records(Call call, Func<MessageRow, bool> wanted) =>
        call.Db.All<MessageRow>().Where(wanted).ToDictionary(m => m.Ref, object? (m) => m.Record(call.Db), StringComparer.Ordinal);

    private static DateTimeOffset Since(Call call, int i) =>
        DateTimeOffset.TryParseExact(call.Text(i), [XenDate.Format, "yyyy-MM-dd'T'HH:mm:ss'Z'"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since)
            ? since
            : throw new XenError("FIELD_TYPE_ERROR", "since");
}
