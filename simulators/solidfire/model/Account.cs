using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

internal sealed class Account
{
    public required long Id { get; init; }

    public required string Username { get; set; }

    public required string InitiatorSecret { get; set; }

    public required string TargetSecret { get; set; }

    public required JsonObject Attributes { get; set; }

    public bool EnableChap { get; set; } = true;

    public string Status { get; set; } = "active";

    public JsonObject ToJson(IEnumerable<long> volumes) => new()
    {
        ["accountID"] = Id,
        ["attributes"] = Attributes.DeepClone(),
        ["enableChap"] = EnableChap,
        ["initiatorSecret"] = InitiatorSecret,
        ["status"] = Status,
        ["storageContainerID"] = Guid.Empty.ToString(),
        ["targetSecret"] = TargetSecret,
        ["username"] = Username,
        ["volumes"] = Json.Array(volumes),
    };
}
