using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>The management server's database as rows. A job that was under way when the server went is failed when it comes back.</summary>
internal sealed class CloudTables(CloudState state, IStateStore store)
{
    private readonly StateMirror mirror = new(store);

    public void Load()
    {
        foreach (var row in mirror.Load("cloudstack.server").Values)
        {
            var server = JsonSerializer.Deserialize<ServerRow>(row)!;
            (state.DomainId, state.Zone) = (server.DomainId, server.Zone);
        }

        foreach (var account in Rows<CloudAccount>("accounts"))
        {
            state.Accounts.Add(account.Name, account);
        }

        state.VirtualMachines.AddRange(Rows<CloudVirtualMachine>("machines"));
        state.Volumes.AddRange(Rows<CloudVolume>("volumes"));
        state.Snapshots.AddRange(Rows<CloudSnapshot>("snapshots"));
        state.Policies.AddRange(Rows<CloudSnapshotPolicy>("policies"));
        state.Tags.AddRange(Rows<CloudTag>("tags"));
        foreach (var row in Rows<JobRow>("jobs"))
        {
            var job = new CloudJob(row.Id, row.Command, row.Created, row.Due, effect: null) { InstanceType = row.InstanceType, InstanceId = row.InstanceId, Status = row.Status, Result = row.Result };
            if (job.Status == 0)
            {
                job.Fail(530, "job cancelled because of management server restart or shutdown");
            }

            state.Jobs.Add(job.Id, job);
        }
    }

    public void Save()
    {
        mirror.Show("cloudstack.server", [KeyValuePair.Create("server", JsonSerializer.Serialize(new ServerRow(state.DomainId, state.Zone)))]);
        Show("accounts", state.Accounts.Values, account => account.Name);
        Show("machines", state.VirtualMachines, machine => machine.Id);
        Show("volumes", state.Volumes, volume => volume.Id);
        Show("snapshots", state.Snapshots, snapshot => snapshot.Id);
        Show("policies", state.Policies, policy => policy.Id);
        Show("tags", state.Tags, tag => $"{tag.ResourceId} {tag.Key}");
        Show("jobs", state.Jobs.Values.Select(job => new JobRow(job.Id, job.Command, job.Created, job.Due, job.Status, job.Result, job.InstanceType, job.InstanceId)), job => job.Id);
        mirror.Commit();
    }

    private IEnumerable<T> Rows<T>(string table) => mirror.Load($"cloudstack.{table}").Values.Select(row => JsonSerializer.Deserialize<T>(row)!);

    private void Show<T>(string table, IEnumerable<T> rows, Func<T, string> key) =>
        mirror.Show($"cloudstack.{table}", rows.Select(row => KeyValuePair.Create(key(row), JsonSerializer.Serialize(row))));

    private sealed record ServerRow(string DomainId, CloudZone Zone);

    private sealed record JobRow(
        string Id, string Command, DateTimeOffset Created, DateTimeOffset Due, int Status, JsonObject? Result, string? InstanceType, string? InstanceId);
}
