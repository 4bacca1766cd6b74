using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

internal sealed record Initiator(long Id, string Name);

internal sealed class AccessGroup
{
    public required long Id { get; init; }

    public required string Name { get; init; }

    public required JsonObject Attributes { get; init; }

    public List<Initiator> Initiators { get; } = [];

    public SortedSet<long> Volumes { get; } = [];

    public SortedSet<long> DeletedVolumes { get; } = [];

    public bool HasInitiator(string name) => Initiators.Exists(initiator => string.Equals(initiator.Name, name, StringComparison.OrdinalIgnoreCase));

    public JsonObject ToJson() => new()
    {
        ["attributes"] = Attributes.DeepClone(),
        ["deletedVolumes"] = Json.Array(DeletedVolumes),
        ["initiatorIDs"] = Json.Array(Initiators.Select(initiator => initiator.Id)),
        ["initiators"] = Json.Array(Initiators.Select(initiator => initiator.Name)),
        ["name"] = Name,
        ["volumeAccessGroupID"] = Id,
        ["volumes"] = Json.Array(Volumes),
    };
}
