namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A message to the operator, about one object.</summary>
internal sealed class MessageRow(string uuid) : Row("message", uuid)
{
    public required string Name { get; init; }

    public long Priority { get; init; }

    public required string Class { get; init; }

    public required string ObjectUuid { get; init; }

    public DateTimeOffset Timestamp { get; init; }

    public string Body { get; init; } = "";

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        r["name"] = Name;
        r["priority"] = Priority;
        r["cls"] = Class;
        r["obj_uuid"] = ObjectUuid;
        r["timestamp"] = Timestamp;
        r["body"] = Body;
    }
}

/// <summary>A role, as lists of roles show it; what each may do is decided by its rank.</summary>
internal sealed class RoleRow(string uuid) : Row("role", uuid)
{
    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        r["name_label"] = NameLabel;
        r["name_description"] = NameDescription;
    }
}
