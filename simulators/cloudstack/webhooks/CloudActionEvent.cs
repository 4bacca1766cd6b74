using System.Globalization;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>An action event as a webhook carries it: ids, and never what the caller's request said beyond them.</summary>
public sealed record CloudActionEvent
{
    public required string Id { get; init; }

    /// <summary>For instance <c>SNAPSHOT.CREATE</c>.</summary>
    public required string Type { get; init; }

    /// <summary><c>Scheduled</c>, <c>Started</c> or <c>Completed</c>; an action that failed is completed too.</summary>
    public required string Status { get; init; }

    public required string User { get; init; }

    public required string Account { get; init; }

    public required string Entity { get; init; }

    public required string EntityUuid { get; init; }

    public required string Description { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Uuids of the objects touched, by kind.</summary>
    public IReadOnlyDictionary<string, string> Related { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public string ToBody()
    {
        var body = new JsonObject
        {
            ["eventDateTime"] = At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss '+0000'", CultureInfo.InvariantCulture),
            ["status"] = Status,
            ["description"] = Description,
            ["event"] = Type,
            ["entity"] = Entity,
            ["entityuuid"] = EntityUuid,
            ["account"] = Account,
            ["user"] = User,
        };
        foreach (var (kind, id) in Related)
        {
            body[kind] = id;
        }

        return body.ToJsonString();
    }
}
