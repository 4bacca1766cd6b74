using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Volume access groups: which initiators see which volumes. An initiator is in one group at most.</summary>
internal sealed class AccessGroupCalls(Cluster cluster)
{
    public void Register(CallTable table)
    {
        table.Write("CreateVolumeAccessGroup", Create);
        table.Read("ListVolumeAccessGroups", List);
        table.Write("AddVolumesToVolumeAccessGroup", AddVolumes);
        table.Write("RemoveVolumesFromVolumeAccessGroup", RemoveVolumes);
        table.Write("AddInitiatorsToVolumeAccessGroup", AddInitiators);
        table.Write("RemoveInitiatorsFromVolumeAccessGroup", RemoveInitiators);
        table.Write("DeleteVolumeAccessGroup", Delete);
        table.Read("ListISCSISessions", _ => new JsonObject
        {
            ["sessions"] = Json.Array(cluster.Sessions.Select(session =>
                session.ToJson(cluster.Account(session.Volume.AccountId).Username, cluster.Options.Svip))),
        });
    }

    private JsonObject Create(CallParameters parameters)
    {
        var name = parameters.RequiredText("name");
        if (name.Length is < 1 or > 64)
        {
            throw ApiError.InvalidParameter("Names of volume access groups have 1 to 64 characters");
        }

        parameters.Accept("virtualNetworkID", "virtualNetworkTags");
        var group = new AccessGroup { Id = cluster.NextAccessGroup(), Name = name, Attributes = ObjectAttributes.Read(parameters) ?? [] };
        var initiators = NewInitiators(group, parameters.Elements("initiators") ?? []);
        var volumes = NewVolumes(group, parameters.Integers("volumes") ?? []);
        cluster.AccessGroups.Add(group.Id, group);
        Join(group, initiators);
        group.Volumes.UnionWith(volumes);
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
                .Select(group => group.ToJson())),
            ["volumeAccessGroupsNotFound"] = Json.Array((only ?? []).Where(id => !cluster.AccessGroups.ContainsKey(id))),
        };
    }

    private JsonObject AddVolumes(CallParameters parameters)
    {
        var group = Group(parameters);
        group.Volumes.UnionWith(NewVolumes(group, parameters.Integers("volumes") ?? throw ApiError.MissingParameter("volumes")));
        return Wrap(group);
    }

    private JsonObject RemoveVolumes(CallParameters parameters)
    {
        var group = Group(parameters);
        var volumes = parameters.Integers("volumes") ?? throw ApiError.MissingParameter("volumes");
        foreach (var id in volumes)
        {
            if (!group.Volumes.Contains(id) && !group.DeletedVolumes.Contains(id))
            {
                throw new ApiError("xNotInVolumeAccessGroup", $"VolumeID {id} is not in volumeAccessGroupID {group.Id}");
            }
        }

        group.Volumes.ExceptWith(volumes);
        group.DeletedVolumes.ExceptWith(volumes);
        cluster.EndSessionsWithoutAccess();
        return Wrap(group);
    }

    private JsonObject AddInitiators(CallParameters parameters)
    {
        var group = Group(parameters);
        Join(group, NewInitiators(group, parameters.Elements("initiators") ?? throw ApiError.MissingParameter("initiators")));
        return Wrap(group);
    }

    private JsonObject RemoveInitiators(CallParameters parameters)
    {
        var group = Group(parameters);
        var removed = (parameters.Elements("initiators") ?? throw ApiError.MissingParameter("initiators")).Select(Known).ToList();
        foreach (var initiator in removed)
        {
            if (!group.Initiators.Contains(initiator))
            {
                throw new ApiError("xNotInVolumeAccessGroup", $"Initiator {initiator.Name} is not in volumeAccessGroupID {group.Id}");
            }
        }

        group.Initiators.RemoveAll(removed.Contains);
        Forget(removed, parameters.Flag("deleteOrphanInitiators") ?? true);
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

    private List<Initiator> NewInitiators(AccessGroup group, IReadOnlyList<JsonNode> given)
    {
        // A name that is not known becomes an initiator; an id has to exist.
        var initiators = given.Select(node => node.GetValueKind() == JsonValueKind.String && !cluster.Initiators.ContainsKey(node.GetValue<string>())
            ? new Initiator(0, node.GetValue<string>())
            : Known(node)).ToList();
        foreach (var initiator in initiators)
        {
            if (group.HasInitiator(initiator.Name))
            {
                throw new ApiError("xAlreadyInVolumeAccessGroup", $"Initiator {initiator.Name} is already in volumeAccessGroupID {group.Id}");
            }

            if (cluster.AccessGroups.Values.Any(other => other.HasInitiator(initiator.Name)))
            {
                throw ApiError.LimitExceeded("Exceeded maximum number of VolumeAccessGroups per Initiator");
            }
        }

        return group.Initiators.Count + initiators.Count <= cluster.Options.Limits.InitiatorsPerAccessGroup
            ? initiators
            : throw ApiError.LimitExceeded(
                $"Exceeded max number of initiators per volumeAccessGroup. volumeAccessGroupID={group.Id} limit={cluster.Options.Limits.InitiatorsPerAccessGroup}");
    }

    private void Join(AccessGroup group, List<Initiator> initiators)
    {
        foreach (var initiator in initiators)
        {
            var known = initiator.Id != 0 ? initiator : initiator with { Id = cluster.NextInitiator() };
            cluster.Initiators[known.Name] = known;
            group.Initiators.Add(known);
        }
    }

    private void Forget(IEnumerable<Initiator> initiators, bool orphans)
    {
        foreach (var initiator in initiators.Where(_ => orphans).ToList())
        {
            cluster.Initiators.Remove(initiator.Name);
        }
    }

    private Initiator Known(JsonNode node)
    {
        var found = node.GetValueKind() == JsonValueKind.String
            ? cluster.Initiators.GetValueOrDefault(node.GetValue<string>())
            : cluster.Initiators.Values.FirstOrDefault(initiator => initiator.Id.ToString(CultureInfo.InvariantCulture) == node.ToString());
        return found ?? throw new ApiError("xInitiatorDoesNotExist", $"Initiator {node} does not exist");
    }

    private AccessGroup Group(CallParameters parameters)
    {
        var id = parameters.RequiredInteger("volumeAccessGroupID");
        return cluster.AccessGroups.TryGetValue(id, out var group)
            ? group
            : throw new ApiError("xVolumeAccessGroupIDDoesNotExist", $"VolumeAccessGroupID {id} does not exist.");
    }

    private static JsonObject Wrap(AccessGroup group) => new() { ["volumeAccessGroup"] = group.ToJson() };
}
