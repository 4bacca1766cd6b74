using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>What the management server's database holds. Touched under <see cref="Gate"/> only.</summary>
internal sealed class CloudState
{
    public const string DomainName = "ROOT";

    public Lock Gate { get; } = new();

    public string DomainId { get; set; } = Guid.NewGuid().ToString();

    public CloudZone Zone { get; set; } = new(Guid.NewGuid().ToString(), "zone1");

    public Dictionary<string, CloudAccount> Accounts { get; } = new(StringComparer.Ordinal);

    public List<CloudVirtualMachine> VirtualMachines { get; } = [];

    public List<CloudVolume> Volumes { get; } = [];

    public List<CloudSnapshot> Snapshots { get; } = [];

    public List<CloudSnapshotPolicy> Policies { get; } = [];

    public Dictionary<string, CloudJob> Jobs { get; } = new(StringComparer.Ordinal);

    public List<CloudTag> Tags { get; } = [];

    /// <summary>A uuid for what has a name but no row: the caller's own account and user. The same over restarts.</summary>
    public string IdOf(string kind, string name) => Accounts.TryGetValue(name, out var known) && kind == "account"
        ? known.Id
        : new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{DomainId}/{kind}/{name}")).AsSpan(0, 16)).ToString();

    public bool Exists(string id) =>
        Volumes.Exists(volume => volume.Id == id) || VirtualMachines.Exists(machine => machine.Id == id) || Snapshots.Exists(snapshot => snapshot.Id == id);

    public JsonArray TagsOf(string id) => new([.. Tags.Where(tag => tag.ResourceId == id).Select(Describe)]);

    public JsonObject Describe(CloudTag tag) => new()
    {
        ["key"] = tag.Key,
        ["value"] = tag.Value,
        ["resourcetype"] = tag.ResourceType,
        ["resourceid"] = tag.ResourceId,
        ["domainid"] = DomainId,
        ["domain"] = DomainName,
    };
}

/// <summary>A tag of a resource.</summary>
internal sealed record CloudTag(string ResourceId, string ResourceType, string Key, string Value);

/// <summary>An asynchronous command: its effect happens when its time is over.</summary>
internal sealed class CloudJob(string id, string command, DateTimeOffset created, DateTimeOffset due, Func<JsonObject>? effect)
{
    public string Id => id;

    public string Command => command;

    public DateTimeOffset Created => created;

    public DateTimeOffset Due => due;

    public JsonObject? Result { get; set; }

    /// <summary>0 pending, 1 succeeded, 2 failed.</summary>
    public int Status { get; set; }

    /// <summary>What the job is about, when that is known before it ends.</summary>
    public string? InstanceType { get; init; }

    public string? InstanceId { get; init; }

    public void Run()
    {
        try
        {
            Result = effect!();
            Status = 1;
        }
        catch (CloudError error)
        {
            Fail(error.Code, error.Message);
        }
    }

    public void Fail(int code, string text)
    {
        Result = new JsonObject { ["errorcode"] = code, ["errortext"] = text };
        Status = 2;
    }
}
