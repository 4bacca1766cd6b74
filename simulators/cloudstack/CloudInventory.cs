using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>What is in the management server's tables, each row with its tags.</summary>
internal static class CloudInventory
{
    public static JsonObject Of(CloudState state) => new()
    {
        ["accounts"] = Rows(state.Accounts.Values, account => Row(state, account.Id, account.Name)),
        ["virtualMachines"] = Rows(state.VirtualMachines, machine => Row(state, machine.Id, machine.Name)),
        ["volumes"] = Rows(state.Volumes, volume => Row(state, volume.Id, volume.Name)),
        ["snapshots"] = Rows(state.Snapshots, snapshot => Row(state, snapshot.Id, snapshot.Name, ("volumeId", snapshot.VolumeId), ("state", snapshot.State))),
        ["policies"] = Rows(state.Policies, policy => Row(state, policy.Id, "", ("volumeId", policy.VolumeId))),
        ["pendingJobs"] = Rows(state.Jobs.Values.Where(job => job.Status == 0), job => Row(state, job.Id, job.Command)),
    };

    private static JsonArray Rows<T>(IEnumerable<T> rows, Func<T, JsonNode> row) => new([.. rows.Select(row)]);

    private static JsonNode Row(CloudState state, string id, string name, params ReadOnlySpan<(string Name, string Value)> more)
    {
        var row = new JsonObject { ["id"] = id, ["name"] = name };
        foreach (var (member, value) in more)
        {
            row[member] = value;
        }

        var tags = new JsonObject();
        foreach (var tag in state.Tags.Where(tag => tag.ResourceId == id))
        {
            tags[tag.Key] = tag.Value;
        }

        row["tags"] = tags;
        return row;
    }
}
