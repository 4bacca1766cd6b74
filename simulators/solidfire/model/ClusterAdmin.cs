using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

/// <summary>Somebody who may call the API, and what he may call.</summary>
internal sealed class ClusterAdmin
{
    public required long Id { get; init; }

    public required string Username { get; init; }

    public required string Password { get; set; }

    public List<string> Access { get; set; } = ["administrator"];

    public JsonObject Attributes { get; set; } = [];

    /// <summary>Reading is open to every administrator here [guess]; the vendor's table opens most reads to most.</summary>
    public bool May(string access) =>
        access == Calls.CallTable.Anyone || Access.Contains("administrator") || Access.Contains("write") || Access.Contains(access);

    public JsonObject ToJson() => new()
    {
        ["access"] = Json.Array(Access),
        ["attributes"] = Attributes.DeepClone(),
        ["authMethod"] = "Cluster",
        ["clusterAdminID"] = Id,
        ["username"] = Username,
    };
}
