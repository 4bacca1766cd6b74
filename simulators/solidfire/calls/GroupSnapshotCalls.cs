using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Snapshots of several volumes at one instant.</summary>
internal sealed class GroupSnapshotCalls(Cluster cluster, SnapshotTaker taker)
{
    private const int Fewest = 2;

    public void Register(CallTable table)
    {
        table.Write("CreateGroupSnapshot", "volumes", Create, since: "7.0");
        table.Read("ListGroupSnapshots", List, since: "7.0");
        table.Write("ModifyGroupSnapshot", "volumes", Modify, since: "8.0");
        table.Write("DeleteGroupSnapshot", "volumes", Delete, since: "7.0");
        table.Write("RollbackToGroupSnapshot", "volumes", RollBack, since: "7.0");
    }

    private JsonObject Create(CallParameters parameters)
    {
        var ids = parameters.Integers("volumes") ?? throw ApiError.MissingParameter("volumes");
        var most = cluster.Options.Limits.VolumesPerGroupSnapshot;
        if (ids.Count < Fewest || ids.Count > most || ids.Distinct().Count() != ids.Count)
        {
            throw ApiError.InvalidParameter($"A group snapshot has {Fewest} to {most} different volumes");
        }

        var group = taker.Group(taker.Take(SnapshotRequest.Read(cluster, parameters), [.. ids.Select(cluster.ActiveVolume)], copied: null));
        return Describe(group, group.Members);
    }

    private JsonObject List(CallParameters parameters)
    {
        var volumes = parameters.Integers("volumes");
        var only = parameters.Identifier("groupSnapshotID") is { } id ? cluster.GroupSnapshot(id) : null;
        // Older paths named a single volume.
        var one = parameters.Identifier("volumeID");
        return new JsonObject
        {
            ["groupSnapshots"] = Json.Array(cluster.GroupSnapshots.Values
                .Where(group => only is null || group == only)
                .Where(group => volumes is not { Count: > 0 } || group.Members.Exists(member => volumes.Contains(member.Volume.Id)))
                .Where(group => one is null || group.Members.Exists(member => member.Volume.Id == one))
                .Select(group => group.ToJson())),
        };
    }

    private JsonObject Modify(CallParameters parameters)
    {
        var group = cluster.GroupSnapshot(parameters.RequiredInteger("groupSnapshotID"));
        var name = SnapshotRequest.ReadName(cluster, parameters);
        var changesExpiry = parameters.Has("expirationTime") | parameters.Has("retention");
        var expiry = SnapshotExpiry.Read(parameters, cluster.Now);
        var replicated = parameters.Flag("enableRemoteReplication");
        var label = parameters.Text("snapMirrorLabel");
        group.Name = name ?? group.Name;
        group.EnableRemoteReplication = replicated ?? group.EnableRemoteReplication;
        foreach (var member in group.Members)
        {
            if (changesExpiry)
            {
                expiry.ApplyTo(member);
            }

            member.EnableRemoteReplication = group.EnableRemoteReplication;
            member.SnapMirrorLabel = label ?? member.SnapMirrorLabel;
        }

        return new JsonObject { ["groupSnapshot"] = group.ToJson() };
    }

    private JsonObject Delete(CallParameters parameters)
    {
        var group = cluster.GroupSnapshot(parameters.RequiredInteger("groupSnapshotID"));
        var saveMembers = parameters.RequiredFlag("saveMembers");
        foreach (var member in group.Members.ToList())
        {
            member.Group = null;
            if (!saveMembers)
            {
                cluster.RemoveSnapshot(member);
            }
        }

        cluster.GroupSnapshots.Remove(group.Id);
        return [];
    }

    private JsonObject RollBack(CallParameters parameters)
    {
        var group = cluster.GroupSnapshot(parameters.RequiredInteger("groupSnapshotID"));
        var save = parameters.Flag("saveCurrentState") ?? false;
        var members = group.Members.ToList();
        members.ForEach(member => cluster.ActiveVolume(member.Volume.Id));
        var saved = save ? taker.Group(taker.Take(SnapshotRequest.Read(cluster, parameters), [.. members.Select(member => member.Volume)], copied: null)) : null;
        members.ForEach(member => taker.RollBack(member.Volume, member));
        return saved is null
            ? new JsonObject { ["groupSnapshot"] = null, ["groupSnapshotID"] = null, ["members"] = Json.Array(members.Select(member => member.ToMemberJson())) }
            : Describe(saved, members);
    }

    private static JsonObject Describe(GroupSnapshot group, IEnumerable<Snapshot> members) => new()
    {
        ["groupSnapshot"] = group.ToJson(),
        ["groupSnapshotID"] = group.Id,
        ["members"] = Json.Array(members.Select(member => member.ToMemberJson())),
    };
}
