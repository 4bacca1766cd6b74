namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>The generated messages of every class: getters of records and fields, lookups, and setters of the fields that clients may write.</summary>
internal static class RecordCalls
{
    public static void Register(MethodTable methods)
    {
        foreach (var model in DataModel.Classes.Values.Where(m => m.Fields.Count > 0))
        {
            Getters(methods, model);
            foreach (var message in model.Messages)
                Setter(methods, model, message.Name);
        }
    }

    private static void Getters(MethodTable methods, ClassModel model)
    {
        var table = model.Name;
        // Sessions can be looked at but not listed.
        if (table != "session")
        {
            methods.Sync(table + ".get_all", 0, c => c.Db.Table(table).Select(object? (r) => r.Ref).ToList());
            methods.Sync(table + ".get_all_records", 0, c => Records(c, table, null));
            methods.Sync(table + ".get_all_records_where", 1, c => Records(c, table, RecordFilter.Parse(c.Text(0))));
        }

        methods.Sync(table + ".get_record", 1, c => Find(c, table).Record(c.Db));
        methods.Sync(table + ".get_by_uuid", 1, c => c.Db.ByUuid(table, c.Text(0)).Ref);
        foreach (var field in model.Fields.Values)
        {
            methods.Sync($"{table}.get_{field.Name}", 1, c => Find(c, table).Record(c.Db)[field.Name]);
            methods.Since(field.Since, $"{table}.get_{field.Name}");
        }

        if (model.Fields.ContainsKey("name_label") && table is not ("role" or "message"))
            methods.Sync(table + ".get_by_name_label", 1, c => c.Db.Table(table).Where(r => r.NameLabel == c.Text(0)).Select(object? (r) => r.Ref).ToList());
    }

    /// <summary>set_x, add_to_x and remove_from_x of a map, add_x and remove_x of a set.</summary>
    private static void Setter(MethodTable methods, ClassModel model, string message)
    {
        var name = $"{model.Name}.{message}";
        FieldModel? Field(string prefix, string type) =>
            message.StartsWith(prefix, StringComparison.Ordinal) && model.Fields.GetValueOrDefault(message[prefix.Length..]) is { } f && (type.Length == 0 || f.Type == type) ? f : null;

        if (Field("set_", "") is { } whole)
            methods.Sync(name, 2, c => Change(c, model.Name, r => r.Set(whole.Name, Typed(whole, c.Value(1)))));
        else if (Field("add_to_", "map") is { } grown)
            methods.Sync(name, 3, c => Change(c, model.Name, r =>
            {
                var map = MapOf(r, grown, c.Db);
                if (!map.TryAdd(c.Text(1), c.Text(2)))
                    throw new XenError("MAP_DUPLICATE_KEY", model.Name, grown.Name, r.Ref, c.Text(1));
                r.Set(grown.Name, map);
            }));
        else if (Field("remove_from_", "map") is { } shrunk)
            methods.Sync(name, 2, c => Change(c, model.Name, r =>
            {
                var map = MapOf(r, shrunk, c.Db);
                if (map.Remove(c.Text(1)))
                    r.Set(shrunk.Name, map);
            }));
        else if (Field("add_", "set") is { } more)
            methods.Sync(name, 2, c => Change(c, model.Name, r => r.Set(more.Name, SetOf(r, more, c.Db).Append(c.Text(1)).Distinct().ToList())));
        else if (Field("remove_", "set") is { } less)
            methods.Sync(name, 2, c => Change(c, model.Name, r => r.Set(less.Name, SetOf(r, less, c.Db).Where(v => v as string != c.Text(1)).ToList())));
    }

    private static Dictionary<string, object?> MapOf(Row row, FieldModel field, Database db) =>
        new((Dictionary<string, object?>)row.Record(db)[field.Name]!, StringComparer.Ordinal);

    private static List<object?> SetOf(Row row, FieldModel field, Database db) => (List<object?>)row.Record(db)[field.Name]!;

    /// <summary>A value as the field is typed; integers come as text in XML.</summary>
    public static object? Typed(FieldModel field, object? value) => (field.Type, value) switch
    {
        ("int", string s) when long.TryParse(s, out var n) => n,
        ("int", long) or ("float", double) or ("bool", bool) or ("map" or "record", Dictionary<string, object?>) or ("set", List<object?>) => value,
        ("float", long n) => (double)n,
        ("string" or "enum" or "ref" or "datetime", string) => value,
        _ => throw new XenError("FIELD_TYPE_ERROR", field.Name),
    };

    private static Dictionary<string, object?> Records(Call call, string table, RecordFilter? filter)
    {
        var records = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var row in call.Db.Table(table).Where(row => filter?.MayWant(row) != false))
        {
            var record = row.Record(call.Db);
            if (filter?.Wants(record) != false)
                records[row.Ref] = record;
        }

        return records;
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
