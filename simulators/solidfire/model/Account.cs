using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

internal sealed class Account
{
    public required long Id { get; init; }

    public required string Username { get; init; }

    public required string InitiatorSecret { get; init; }

    public required string TargetSecret { get; init; }

    public required JsonObject Attributes { get; init; }

    public bool EnableChap { get; init; } = true;

    public JsonObject ToJson(IEnumerable<long> volumes) => new()
    {
        ["accountID"] = Id,
        ["attributes"] = Attributes.DeepClone(),
        ["enableChap"] = EnableChap,
        ["initiatorSecret"] = InitiatorSecret,
        ["status"] = "active",
        ["storageContainerID"] = Guid.Empty.ToString(),
        ["targetSecret"] = TargetSecret,
        ["username"] = Username,
        ["volumes"] = Json.Array(volumes),
    };
}
