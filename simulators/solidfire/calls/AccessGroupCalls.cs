using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Volume access groups: which initiators see which volumes. An initiator is in one group at most.</summary>
internal sealed class AccessGroupCalls(Cluster cluster)
{
    public void Register(CallTable table)
    {
        table.Write("CreateVolumeAccessGroup", "volumes", Create, since: "5.0");
        table.Read("ListVolumeAccessGroups", List, since: "5.0");
        table.Write("ModifyVolumeAccessGroup", "volumes", Modify, since: "5.0");
        table.Write("AddVolumesToVolumeAccessGroup", "volumes", AddVolumes, since: "5.0");
        table.Write("RemoveVolumesFromVolumeAccessGroup", "volumes", RemoveVolumes, since: "5.0");
        table.Write("AddInitiatorsToVolumeAccessGroup", "volumes", AddInitiators, since: "5.0");
        table.Write("RemoveInitiatorsFromVolumeAccessGroup", "volumes", RemoveInitiators, since: "5.0");
        table.Write("DeleteVolumeAccessGroup", "volumes", Delete, since: "5.0");
        table.Read("GetVolumeAccessGroupLunAssignments", parameters => Luns(Group(parameters)), since: "7.0");
        table.Write("ModifyVolumeAccessGroupLunAssignments", "volumes", ModifyLuns, since: "7.0");
    }

    private JsonObject Create(CallParameters parameters)
    {
        var name = Name(parameters.RequiredText("name"));
        parameters.Accept("virtualNetworkID", "virtualNetworkTags");
        if (cluster.AccessGroups.Count >= cluster.Options.Limits.AccessGroups)
        {
            throw ApiError.LimitExceeded($"Exceeded maximum number of VolumeAccessGroups. limit={cluster.Options.Limits.AccessGroups}");
        }

        var group = new AccessGroup { Id = cluster.Ids.AccessGroup + 1, Name = name, Attributes = ObjectAttributes.Read(parameters) ?? [] };
        var initiators = NewInitiators(group, parameters.Elements("initiators") ?? []);
        var volumes = NewVolumes(group, parameters.Integers("volumes") ?? []);
        cluster.Ids.AccessGroup++;
        cluster.AccessGroups.Add(group.Id, group);
        Join(group, initiators);
        volumes.ForEach(group.Assign);
        var result = Wrap(group);
        result["volumeAccessGroupID"] = group.Id;
        return result;
    }

    private JsonObject List(CallParameters parameters)
    {
        var start = parameters.Integer("startVolumeAccessGroupID") ?? 0;
        var limit = parameters.Identifier("limit") ?? int.MaxValue;
        var only = parameters.Integers("volumeAccessGroups");
        return new JsonObject
        {
            ["volumeAccessGroups"] = Json.Array(cluster.AccessGroups.Values
                .Where(group => group.Id >= start && (only is not { Count: > 0 } || only.Contains(group.Id)))
                .Take((int)Math.Min(limit, int.MaxValue))
                .Select(cluster.Describe)),
            ["volumeAccessGroupsNotFound"] = Json.Array((only ?? []).Where(id => !cluster.AccessGroups.ContainsKey(id))),
        };
    }

    private JsonObject Modify(CallParameters parameters)
    {
        var group = Group(parameters);
        var name = parameters.Text("name") is { } given ? Name(given) : group.Name;
        var attributes = ObjectAttributes.Read(parameters) ?? group.Attributes;
        var orphans = parameters.Flag("deleteOrphanInitiators") ?? false;
        parameters.Accept("virtualNetworkID", "virtualNetworkTags");
        var initiators = parameters.Elements("initiators") is { } named ? InitiatorCalls.Named(cluster, named) : null;
        var volumes = parameters.Integers("volumes");
        // Both lists replace what is there; what stays is not checked again.
        var joining = initiators is null ? [] : NewInitiators(group, [.. initiators.Where(initiator => !group.HasInitiator(initiator.Name)).Select(initiator => (JsonNode)initiator.Name)]);
        var coming = volumes is null ? [] : NewVolumes(group, [.. volumes.Where(id => !group.Volumes.Contains(id))]);
        (group.Name, group.Attributes) = (name, attributes);
        if (initiators is not null)
        {
            var leaving = group.Initiators.FindAll(member => !initiators.Any(kept => kept.Name.Equals(member, StringComparison.OrdinalIgnoreCase)));
            group.Initiators.RemoveAll(leaving.Contains);
            Forget(leaving, orphans);
            Join(group, joining);
        }

        if (volumes is not null)
        {
            group.Volumes.Where(id => !volumes.Contains(id)).ToList().ForEach(group.Remove);
            coming.ForEach(group.Assign);
        }

        cluster.EndSessionsWithoutAccess();
        return Wrap(group);
    }

    private JsonObject AddVolumes(CallParameters parameters)
    {
        var group = Group(parameters);
        NewVolumes(group, parameters.Integers("volumes") ?? throw ApiError.MissingParameter("volumes")).ForEach(group.Assign);
        return Wrap(group);
    }

    private JsonObject RemoveVolumes(CallParameters parameters)
    {
        var group = Group(parameters);
        var volumes = parameters.Integers("volumes") ?? throw ApiError.MissingParameter("volumes");
        foreach (var id in volumes.Where(id => !group.Volumes.Contains(id) && !group.DeletedVolumes.Contains(id)))
        {
            throw new ApiError("xNotInVolumeAccessGroup", $"VolumeID {id} is not in volumeAccessGroupID {group.Id}");
        }

        volumes.ToList().ForEach(group.Remove);
        cluster.EndSessionsWithoutAccess();
        return Wrap(group);
    }

    private JsonObject AddInitiators(CallParameters parameters)
    {
        var group = Group(parameters);
        parameters.Accept("deleteOrphanInitiators");
        Join(group, NewInitiators(group, parameters.Elements("initiators") ?? throw ApiError.MissingParameter("initiators")));
        return Wrap(group);
    }

    private JsonObject RemoveInitiators(CallParameters parameters)
    {
        var group = Group(parameters);
        var removed = (parameters.Elements("initiators") ?? throw ApiError.MissingParameter("initiators"))
            .Select(node => InitiatorCalls.Known(cluster, node).Name).ToList();
        foreach (var name in removed.Where(name => !group.HasInitiator(name)))
        {
            throw new ApiError("xNotInVolumeAccessGroup", $"Initiator {name} is not in volumeAccessGroupID {group.Id}");
        }

        var orphans = parameters.Flag("deleteOrphanInitiators") ?? true;
        group.Initiators.RemoveAll(removed.Contains);
        Forget(removed, orphans);
        cluster.EndSessionsWithoutAccess();
        return Wrap(group);
    }

    private JsonObject Delete(CallParameters parameters)
    {
        var group = Group(parameters);
        var orphans = parameters.Flag("deleteOrphanInitiators") ?? true;
        parameters.Accept("force");
        cluster.AccessGroups.Remove(group.Id);
        Forget(group.Initiators, orphans);
        cluster.EndSessionsWithoutAccess();
        return [];
    }

    private JsonObject ModifyLuns(CallParameters parameters)
    {
        var group = Group(parameters);
        var wanted = (parameters.Elements("lunAssignments") ?? throw ApiError.MissingParameter("lunAssignments"))
            .Select(node => new CallParameters(node as JsonObject ?? throw ApiError.InvalidParameterType("lunAssignments")))
            .Select(element => (Volume: element.RequiredInteger("volumeID"), Lun: (int)Math.Clamp(element.RequiredInteger("lun"), -1, int.MaxValue))).ToList();
        var after = new Dictionary<long, int>(group.Luns);
        foreach (var (volume, lun) in wanted)
        {
            after[volume] = group.Volumes.Contains(volume) && lun is >= 0 and <= 16383
                ? lun
                : throw ApiError.InvalidParameter($"VolumeID {volume} is not in the group, or LUN {lun} is not from 0 to 16383");
        }

        if (after.Values.Distinct().Count() != after.Count)
        {
            throw ApiError.InvalidParameter("Two volumes cannot have one LUN");
        }

        foreach (var (volume, lun) in wanted)
        {
            group.Luns[volume] = lun;
        }

        return Luns(group);
    }

    private static JsonObject Luns(AccessGroup group) => new()
    {
        ["volumeAccessGroupLunAssignments"] = new JsonObject
        {
            ["deletedLunAssignments"] = Json.Array(Assigned(group, group.DeletedVolumes)),
            ["lunAssignments"] = Json.Array(Assigned(group, group.Volumes)),
            ["volumeAccessGroupID"] = group.Id,
        },
    };

    private static IEnumerable<JsonObject> Assigned(AccessGroup group, IEnumerable<long> volumes) => volumes
        .Where(group.Luns.ContainsKey).Select(volume => new JsonObject { ["lun"] = group.Luns[volume], ["volumeID"] = volume });

    private List<long> NewVolumes(AccessGroup group, IReadOnlyList<long> ids)
    {
        foreach (var id in ids)
        {
            if (cluster.Volumes.TryGetValue(id, out var volume) && volume.Status == VolumeStatus.Init)
            {
                // Assumption: only the refusal is known from the field, not its name.
                throw new ApiError("xSliceNotRegistered", $"VolumeID {id} is still being cloned");
            }

            volume = cluster.ActiveVolume(id);
            if (group.Volumes.Contains(id))
            {
                throw new ApiError("xAlreadyInVolumeAccessGroup", $"VolumeID {id} is already in volumeAccessGroupID {group.Id}");
            }

            if (cluster.AccessGroupsOf(volume).Count() >= cluster.Options.Limits.AccessGroupsPerVolume)
            {
                throw ApiError.LimitExceeded("Exceeded maximum number of VolumeAccessGroups per Volume");
            }
        }

        return group.Volumes.Count + ids.Count <= cluster.Options.Limits.VolumesPerAccessGroup
            ? [.. ids.Distinct()]
            : throw ApiError.LimitExceeded(
                $"Exceeded max number of volumes per volumeAccessGroup. volumeAccessGroupID={group.Id} limit={cluster.Options.Limits.VolumesPerAccessGroup}");
    }

    private IReadOnlyList<(Initiator? Known, string Name)> NewInitiators(AccessGroup group, IReadOnlyList<JsonNode> given)
    {
        var initiators = InitiatorCalls.Named(cluster, given);
        foreach (var (_, name) in initiators)
        {
            if (group.HasInitiator(name))
            {
                throw new ApiError("xAlreadyInVolumeAccessGroup", $"Initiator {name} is already in volumeAccessGroupID {group.Id}");
            }

            if (cluster.AccessGroups.Values.Any(other => other.HasInitiator(name)))
            {
                throw ApiError.LimitExceeded("Exceeded maximum number of VolumeAccessGroups per Initiator");
            }
        }

        return group.Initiators.Count + initiators.Count <= cluster.Options.Limits.InitiatorsPerAccessGroup
            ? initiators
            : throw ApiError.LimitExceeded(
                $"Exceeded max number of initiators per volumeAccessGroup. volumeAccessGroupID={group.Id} limit={cluster.Options.Limits.InitiatorsPerAccessGroup}");
    }

    private void Join(AccessGroup group, IReadOnlyList<(Initiator? Known, string Name)> initiators)
    {
        foreach (var (known, name) in initiators)
        {
            group.Initiators.Add((known ?? cluster.FindInitiator(name) ?? InitiatorCalls.Add(cluster, name)).Name);
        }
    }

    private void Forget(IEnumerable<string> names, bool orphans)
    {
        foreach (var initiator in names.Where(_ => orphans).Select(cluster.FindInitiator).OfType<Initiator>().ToList())
        {
            cluster.Initiators.Remove(initiator.Id);
        }
    }

    private static string Name(string name) => name.Length is >= 1 and <= 64 ? name : throw ApiError.InvalidParameter("Names of volume access groups have 1 to 64 characters");

    private AccessGroup Group(CallParameters parameters) => cluster.AccessGroup(parameters.RequiredInteger("volumeAccessGroupID"));

    private JsonObject Wrap(AccessGroup group) => new() { ["volumeAccessGroup"] = cluster.Describe(group) };
}
