using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>What is really there, for whoever looks for leaks.</summary>
internal static class ClusterInventory
{
    public static JsonObject Of(Cluster cluster) => new()
    {
        ["volumes"] = Json.Array(cluster.Volumes.Values.Select(volume => new JsonObject
        {
            ["id"] = volume.Id,
            ["name"] = volume.Name,
            ["status"] = volume.Status.ToString().ToLowerInvariant(),
            ["attributes"] = volume.Attributes.DeepClone(),
            ["accessGroups"] = Json.Array(cluster.AccessGroupsOf(volume)),
        })),
        ["snapshots"] = Json.Array(cluster.Snapshots.Values.Select(snapshot => new JsonObject
        {
            ["id"] = snapshot.Id,
            ["volumeId"] = snapshot.Volume.Id,
            ["name"] = snapshot.Name,
            ["attributes"] = snapshot.Attributes.DeepClone(),
        })),
        ["groupSnapshots"] = Json.Array(cluster.GroupSnapshots.Values.Select(group => new JsonObject
        {
            ["id"] = group.Id,
            ["name"] = group.Name,
            ["members"] = Json.Array(group.Members.Select(member => member.Id)),
        })),
        ["schedules"] = Json.Array(cluster.Schedules.Values.Select(schedule => new JsonObject
        {
            ["id"] = schedule.Id,
            ["name"] = schedule.Name,
            ["snapshotName"] = schedule.Info["name"]?.DeepClone(),
        })),
        ["accounts"] = Json.Array(cluster.Accounts.Values.Select(account => new JsonObject
        {
            ["id"] = account.Id,
            ["username"] = account.Username,
            ["attributes"] = account.Attributes.DeepClone(),
        })),
        ["initiators"] = Json.Array(cluster.Initiators.Values.Select(initiator => new JsonObject
        {
            ["id"] = initiator.Id,
            ["name"] = initiator.Name,
            ["alias"] = initiator.Alias,
            ["attributes"] = initiator.Attributes.DeepClone(),
        })),
        ["qosPolicies"] = Json.Array(cluster.QosPolicies.Values.Select(policy => new JsonObject
        {
            ["id"] = policy.Id,
            ["name"] = policy.Name,
        })),
        ["accessGroups"] = Json.Array(cluster.AccessGroups.Values.Select(group => new JsonObject
        {
            ["id"] = group.Id,
            ["name"] = group.Name,
            ["attributes"] = group.Attributes.DeepClone(),
        })),
        ["asyncJobs"] = Json.Array(cluster.Jobs.Values.Select(job => job.ToListJson(cluster.Now))),
        ["sessions"] = Json.Array(cluster.Sessions.Select(session => new JsonObject
        {
            ["id"] = session.Id,
            ["volumeId"] = session.Volume.Id,
            ["initiator"] = session.Initiator,
        })),
    };
}
