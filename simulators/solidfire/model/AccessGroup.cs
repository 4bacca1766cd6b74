using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

/// <summary>An initiator (IQN or WWPN). The CHAP members are its own, beside those of the accounts.</summary>
internal sealed class Initiator
{
    public required long Id { get; init; }

    public required string Name { get; init; }

    public string Alias { get; set; } = "";

    public JsonObject Attributes { get; set; } = [];

    public bool RequireChap { get; set; }

    public JsonObject ToJson(IEnumerable<long> groups) => new()
    {
        ["alias"] = Alias,
        ["attributes"] = Attributes.DeepClone(),
        ["chapUsername"] = null,
        ["initiatorID"] = Id,
        ["initiatorName"] = Name,
        ["initiatorSecret"] = null,
        ["requireChap"] = RequireChap,
        ["targetSecret"] = null,
        ["virtualNetworkIDs"] = new JsonArray(),
        ["volumeAccessGroups"] = Json.Array(groups),
    };
}

internal sealed class AccessGroup
{
    public required long Id { get; init; }

    public required string Name { get; set; }

    public required JsonObject Attributes { get; set; }

    /// <summary>Names, in the order they were added.</summary>
    public List<string> Initiators { get; init; } = [];

    public SortedSet<long> Volumes { get; init; } = [];

    public SortedSet<long> DeletedVolumes { get; init; } = [];

    /// <summary>LUN by volume, for Fibre Channel; iSCSI knows LUN 0 only.</summary>
    public SortedDictionary<long, int> Luns { get; init; } = [];

    public bool HasInitiator(string name) => Initiators.Contains(name, StringComparer.OrdinalIgnoreCase);

    public JsonObject ToJson(IEnumerable<long> initiatorIds) => new()
    {
        ["attributes"] = Attributes.DeepClone(),
        ["deletedVolumes"] = Json.Array(DeletedVolumes),
        ["initiatorIDs"] = Json.Array(initiatorIds),
        ["initiators"] = Json.Array(Initiators),
        ["name"] = Name,
        ["volumeAccessGroupID"] = Id,
        ["volumes"] = Json.Array(Volumes),
    };

    /// <summary>The smallest LUN that is free goes to a new volume.</summary>
    public void Assign(long volume)
    {
        Volumes.Add(volume);
        if (!Luns.ContainsKey(volume))
        {
            Luns[volume] = Enumerable.Range(0, Luns.Count + 1).First(lun => !Luns.ContainsValue(lun));
        }
    }

    public void Remove(long volume)
    {
        Volumes.Remove(volume);
        DeletedVolumes.Remove(volume);
        Luns.Remove(volume);
    }
}
