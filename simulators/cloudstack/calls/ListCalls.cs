using System.Globalization;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.CloudStack.Calls;

/// <summary>The list commands. An unknown id is an error, an empty list is an empty object without a count.</summary>
internal sealed class ListCalls(CloudState state, CloudStackOptions options)
{
    public JsonObject ListZones(CommandParameters parameters) => Listed(parameters, "zone",
        new[] { state.Zone }.Where(zone => parameters.Text("id") is not { } id || zone.Id == id), zone => new JsonObject
        {
            ["id"] = zone.Id,
            ["name"] = zone.Name,
            ["networktype"] = "Advanced",
            ["allocationstate"] = "Enabled",
            ["localstorageenabled"] = false,
            ["tags"] = state.TagsOf(zone.Id),
        });

    public JsonObject ListCapabilities() => new()
    {
        ["capability"] = new JsonObject
        {
            ["cloudstackversion"] = options.Version,
            ["securitygroupsenabled"] = false,
            ["supportELB"] = "false",
            ["kvmsnapshotenabled"] = false,
            ["allowusercreateprojects"] = true,
            ["apilimitinterval"] = 0,
        },
    };

    /// <summary>What there is to call, as clients with completion read it when they first meet a server; parameters are not told.</summary>
    public static JsonObject ListApis(CommandParameters parameters, IEnumerable<(string Name, bool IsAsync)> commands) => Listed(
        parameters, "api", commands.Where(command => parameters.Text("name") is not { } name || command.Name == name).OrderBy(command => command.Name, StringComparer.Ordinal), command => new JsonObject
        {
            ["name"] = command.Name,
            ["description"] = "",
            ["isasync"] = command.IsAsync,
            ["related"] = "",
            ["params"] = new JsonArray(),
            ["response"] = new JsonArray(),
        });

    public JsonObject ListDomains(CommandParameters parameters) => Listed(parameters, "domain",
        new[] { state.DomainId }.Where(id => parameters.Text("id") is not { } wanted || id == wanted), id => new JsonObject
        {
            ["id"] = id,
            ["name"] = CloudState.DomainName,
            ["level"] = 0,
            ["haschild"] = false,
            ["path"] = CloudState.DomainName,
            ["state"] = "Active",
        });

    public JsonObject ListTags(CommandParameters parameters) => Listed(parameters, "tag",
        state.Tags.Where(tag => (parameters.Text("resourceid") ?? tag.ResourceId) == tag.ResourceId
            && string.Equals(parameters.Text("resourcetype") ?? tag.ResourceType, tag.ResourceType, StringComparison.OrdinalIgnoreCase)
            && (parameters.Text("key") ?? tag.Key) == tag.Key && (parameters.Text("value") ?? tag.Value) == tag.Value), state.Describe);

    public JsonObject ListAccounts(CommandParameters parameters) => Listed(parameters, "account",
        state.Accounts.Values.Where(account => parameters.Text("name") is not { } name || account.Name == name), account => new JsonObject
        {
            ["id"] = account.Id,
            ["name"] = account.Name,
            ["accounttype"] = 0,
            ["domainid"] = state.DomainId,
            ["domain"] = CloudState.DomainName,
            ["state"] = "enabled",
        });

    public JsonObject ListVolumes(CommandParameters parameters)
    {
        var ids = Ids(parameters, id => state.Volumes.Exists(volume => volume.Id == id));
        var machine = Known(parameters, "virtualmachineid", id => state.VirtualMachines.Exists(candidate => candidate.Id == id));
        var zone = Known(parameters, "zoneid", id => id == state.Zone.Id);
        var chosen = state.Volumes
            .Where(volume => Selects(parameters, ids, volume.Id, volume.Account, volume.Name))
            .Where(volume => machine is null || volume.VirtualMachineId == machine)
            .Where(volume => zone is null || volume.ZoneId == zone);
        return Listed(parameters, "volume", chosen, Describe);
    }

    public JsonObject ListVirtualMachines(CommandParameters parameters)
    {
        var ids = Ids(parameters, id => state.VirtualMachines.Exists(machine => machine.Id == id));
        var chosen = state.VirtualMachines
            .Where(machine => Selects(parameters, ids, machine.Id, machine.Account, machine.Name))
            .Where(machine => parameters.Text("state") is not { } wanted || machine.State == wanted);
        return Listed(parameters, "virtualmachine", chosen, Describe);
    }

    public JsonObject ListSnapshots(CommandParameters parameters)
    {
        var ids = Ids(parameters, id => state.Snapshots.Exists(snapshot => snapshot.Id == id));
        var volume = Known(parameters, "volumeid", id => state.Volumes.Exists(candidate => candidate.Id == id));
        var chosen = state.Snapshots
            .Where(snapshot => Selects(parameters, ids, snapshot.Id, snapshot.Account, snapshot.Name))
            .Where(snapshot => volume is null || snapshot.VolumeId == volume)
            .Where(snapshot => parameters.Text("snapshottype") is not { } type || snapshot.SnapshotType == type)
            .Where(snapshot => parameters.Text("locationtype") is not { } location || snapshot.LocationType == location);
        return Listed(parameters, "snapshot", chosen, Describe);
    }

    private static string? Known(CommandParameters parameters, string name, Predicate<string> exists) =>
        parameters.Text(name) is { } id ? exists(id) ? id : throw CloudError.UnknownEntity(name, id) : null;

    private static IReadOnlyList<string> Ids(CommandParameters parameters, Predicate<string> exists) =>
        [.. parameters.List("ids"), .. Known(parameters, "id", exists) is { } id ? [id] : Array.Empty<string>()];

    /// <summary>A root administrator finds anything by id; without one, listall or an account decides whose things are listed.</summary>
    private bool Selects(CommandParameters parameters, IReadOnlyList<string> ids, string id, string account, string name)
    {
        if (ids.Count > 0 && !ids.Contains(id))
        {
            return false;
        }

        var owner = parameters.Text("account");
        if (ids.Count == 0 && !(owner is not null ? owner == account : parameters.Flag("listall") || account == options.CallerAccount))
        {
            return false;
        }

        return (parameters.Text("name") is not { } wanted || name == wanted)
            && (parameters.Text("keyword") is not { } keyword || name.Contains(keyword, StringComparison.OrdinalIgnoreCase))
            && parameters.Pairs("tags").All(pair => state.Tags.Exists(tag => tag.ResourceId == id && tag.Key == pair.Key && tag.Value == pair.Value));
    }

    private static JsonObject Listed<T>(CommandParameters parameters, string name, IEnumerable<T> chosen, Func<T, JsonObject> describe)
    {
        var all = chosen.ToList();
        if (all.Count == 0)
        {
            return [];
        }

        IEnumerable<T> page = all;
        if (parameters.Integer("pagesize") is { } size and > 0)
        {
            page = all.Skip(((parameters.Integer("page") ?? 1) - 1) * size).Take(size);
        }

        return new JsonObject { ["count"] = all.Count, [name] = new JsonArray([.. page.Select(describe)]) };
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'+0000'", CultureInfo.InvariantCulture);

    private JsonObject Describe(CloudVolume volume)
    {
        var json = new JsonObject
        {
            ["id"] = volume.Id,
            ["name"] = volume.Name,
            ["zoneid"] = volume.ZoneId,
            ["zonename"] = state.Zone.Name,
            ["type"] = volume.Type,
            ["deviceid"] = volume.Type == "ROOT" ? 0 : 1,
            ["size"] = volume.Size,
            ["created"] = Time(volume.Created),
            ["state"] = "Ready",
            ["account"] = volume.Account,
            ["domainid"] = state.DomainId,
            ["domain"] = CloudState.DomainName,
            ["storagetype"] = "shared",
            ["provisioningtype"] = "thin",
            ["hypervisor"] = "XenServer",
            ["storage"] = volume.StoragePool,
            ["destroyed"] = false,
            ["isextractable"] = true,
            ["quiescevm"] = false,
            ["supportsstoragesnapshot"] = true,
            ["displayvolume"] = true,
            ["path"] = volume.Path,
            ["tags"] = state.TagsOf(volume.Id),
        };
        if (state.VirtualMachines.Find(machine => machine.Id == volume.VirtualMachineId) is { } attached)
        {
            json["virtualmachineid"] = attached.Id;
            json["vmname"] = attached.Name;
            json["vmdisplayname"] = attached.Name;
            json["vmstate"] = attached.State;
            json["attached"] = Time(volume.Created);
        }

        return json;
    }

    private JsonObject Describe(CloudVirtualMachine machine) => new()
    {
        ["id"] = machine.Id,
        ["name"] = machine.Name,
        ["displayname"] = machine.Name,
        ["instancename"] = machine.InstanceName,
        ["account"] = machine.Account,
        ["domainid"] = state.DomainId,
        ["domain"] = CloudState.DomainName,
        ["created"] = Time(machine.Created),
        ["state"] = machine.State,
        ["haenable"] = false,
        ["zoneid"] = machine.ZoneId,
        ["zonename"] = state.Zone.Name,
        ["hostname"] = machine.HostName,
        ["hypervisor"] = "XenServer",
        ["tags"] = state.TagsOf(machine.Id),
    };

    public JsonObject Describe(CloudSnapshot snapshot) => new()
    {
        ["id"] = snapshot.Id,
        ["name"] = snapshot.Name,
        ["volumeid"] = snapshot.VolumeId,
        ["volumename"] = state.Volumes.Find(volume => volume.Id == snapshot.VolumeId)?.Name,
        ["account"] = snapshot.Account,
        ["domainid"] = state.DomainId,
        ["domain"] = CloudState.DomainName,
        ["created"] = Time(snapshot.Created),
        ["state"] = snapshot.State,
        ["locationtype"] = snapshot.LocationType,
        ["snapshottype"] = snapshot.SnapshotType,
        ["intervaltype"] = snapshot.IntervalType,
        ["zoneid"] = snapshot.ZoneId,
        ["revertable"] = true,
        ["tags"] = state.TagsOf(snapshot.Id),
    };
}
