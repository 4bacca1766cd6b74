namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>The generated messages of every class: getters of records and fields, names, and other_config.</summary>
internal static class RecordCalls
{
    public static void Register(MethodTable methods)
    {
        var empty = new Database();
        empty.Add(new PoolRow(Guid.Empty.ToString()));
        Row[] prototypes =
        [
            empty.All<PoolRow>()[0], new HostRow(""), new HostMetricsRow(""), new SmRow("") { Type = "", Capabilities = [] }, new SecretRow(""), new TaskRow(""),
            new SessionRow(""), new SrRow("") { Type = "" }, new PbdRow("") { Host = "", Sr = "" }, new VdiRow("") { Sr = "" },
            new VbdRow("") { Vm = "", Vdi = "" }, new VmRow(""),
            new NetworkRow(""), new PifRow("") { Host = "", Network = "" },
        ];
        foreach (var prototype in prototypes)
            Register(methods, prototype.Table, prototype.Record(empty));
    }

    private static void Register(MethodTable methods, string table, Dictionary<string, object?> fields)
    {
        methods.Sync(table + ".get_all", 0, c => c.Db.Table(table).Select(object? (r) => r.Ref).ToList());
        methods.Sync(table + ".get_all_records", 0, c => c.Db.Table(table).ToDictionary(r => r.Ref, object? (r) => r.Record(c.Db), StringComparer.Ordinal));
        methods.Sync(table + ".get_record", 1, c => Find(c, table).Record(c.Db));
        methods.Sync(table + ".get_by_uuid", 1, c => c.Db.ByUuid(table, c.Text(0)).Ref);
        foreach (var field in fields.Keys)
            methods.Sync($"{table}.get_{field}", 1, c => Find(c, table).Record(c.Db)[field]);
        if (fields.ContainsKey("name_label"))
        {
            methods.Sync(table + ".get_by_name_label", 1, c => c.Db.Table(table).Where(r => r.NameLabel == c.Text(0)).Select(object? (r) => r.Ref).ToList());
            methods.Sync(table + ".set_name_label", 2, c => Change(c, table, r => r.NameLabel = c.Text(1)));
            methods.Sync(table + ".set_name_description", 2, c => Change(c, table, r => r.NameDescription = c.Text(1)));
        }

        if (!fields.ContainsKey("other_config"))
            return;
        methods.Sync(table + ".set_other_config", 2, c => Change(c, table, r => r.OtherConfig = c.Map(1)));
        methods.Sync(table + ".remove_from_other_config", 2, c => Change(c, table, r => r.OtherConfig.Remove(c.Text(1))));
        methods.Sync(table + ".add_to_other_config", 3, c => Change(c, table, r =>
        {
            if (!r.OtherConfig.TryAdd(c.Text(1), c.Text(2)))
                throw new XenError("MAP_DUPLICATE_KEY", table, "other_config", r.Ref, c.Text(1));
        }));
    }

    private static Row Find(Call call, string table)
    {
        var row = call.Db.Find<Row>(call.Text(0));
        return row?.Table == table ? row : throw new XenError("HANDLE_INVALID", table, call.Text(0));
    }

    private static object? Change(Call call, string table, Action<Row> change)
    {
        var row = Find(call, table);
        change(row);
        call.Db.Touch(row);
        return null;
    }
}
