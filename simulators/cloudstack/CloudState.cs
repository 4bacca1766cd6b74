using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>What the management server's database holds. Touched under <see cref="Gate"/> only.</summary>
internal sealed class CloudState
{
    public const string DomainName = "ROOT";

    public Lock Gate { get; } = new();

    public string DomainId { get; } = Guid.NewGuid().ToString();

    public CloudZone Zone { get; } = new(Guid.NewGuid().ToString(), "zone1");

    public Dictionary<string, CloudAccount> Accounts { get; } = new(StringComparer.Ordinal);

    public List<CloudVirtualMachine> VirtualMachines { get; } = [];

    public List<CloudVolume> Volumes { get; } = [];

    public List<CloudSnapshot> Snapshots { get; } = [];

    public Dictionary<string, CloudJob> Jobs { get; } = new(StringComparer.Ordinal);

    public List<(string ResourceId, string ResourceType, string Key, string Value)> Tags { get; } = [];

    public bool Exists(string id) =>
        Volumes.Exists(volume => volume.Id == id) || VirtualMachines.Exists(machine => machine.Id == id) || Snapshots.Exists(snapshot => snapshot.Id == id);

    public JsonArray TagsOf(string id) => new([.. Tags.Where(tag => tag.ResourceId == id).Select(tag => (JsonNode)new JsonObject
    {
        ["key"] = tag.Key,
        ["value"] = tag.Value,
        ["resourcetype"] = tag.ResourceType,
        ["resourceid"] = tag.ResourceId,
        ["domainid"] = DomainId,
        ["domain"] = DomainName,
    })]);
}

/// <summary>An asynchronous command: its effect happens when its time is over.</summary>
internal sealed class CloudJob(string id, string command, DateTimeOffset created, DateTimeOffset due, Func<JsonObject> effect)
{
    public string Id => id;

    public string Command => command;

    public DateTimeOffset Created => created;

    public DateTimeOffset Due => due;

    public JsonObject? Result { get; private set; }

    /// <summary>0 pending, 1 succeeded, 2 failed.</summary>
    public int Status { get; private set; }

    public void Run()
    {
        try
        {
            Result = effect();
            Status = 1;
        }
        catch (CloudError error)
        {
            Result = new JsonObject { ["errorcode"] = error.Code, ["errortext"] = error.Message };
            Status = 2;
        }
    }
}
