using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>The cluster's tables as rows. Sessions are not among them: a cluster that comes back has none.</summary>
internal sealed class ClusterState
{
    private const string EventsTable = "solidfire.events";

    private readonly Cluster cluster;
    private readonly IStateStore store;
    private readonly StateMirror mirror;
    private readonly List<StateChange> events = [];
    private readonly JsonSerializerOptions plain;
    private readonly JsonSerializerOptions ofVolumes;
    private readonly JsonSerializerOptions ofSnapshots;

    public ClusterState(Cluster cluster, IStateStore store)
    {
        (this.cluster, this.store) = (cluster, store);
        mirror = new StateMirror(store);
        var device = new DeviceConverter(cluster.Store);
        var volume = new ReferenceConverter<Volume>(referred => referred.Id, id => cluster.Volumes.GetValueOrDefault(id));
        var snapshot = new ReferenceConverter<Snapshot>(referred => referred.Id, id => cluster.Snapshots.GetValueOrDefault(id));
        plain = new JsonSerializerOptions { Converters = { device }, IgnoreReadOnlyProperties = true };
        ofVolumes = new JsonSerializerOptions { Converters = { device, volume }, IgnoreReadOnlyProperties = true };
        ofSnapshots = new JsonSerializerOptions { Converters = { device, volume, snapshot }, IgnoreReadOnlyProperties = true };
    }

    public void Load()
    {
        foreach (var row in mirror.Load("solidfire.cluster").Values)
        {
            var saved = JsonSerializer.Deserialize<ClusterRow>(row, plain)!;
            (cluster.Ids, cluster.DefaultQos, cluster.LastCollection) = (saved.Ids, saved.DefaultQos, saved.LastCollection);
        }

        Load("admins", cluster.Admins, plain);
        Load("accounts", cluster.Accounts, plain);
        Load("qosPolicies", cluster.QosPolicies, plain);
        Load("volumes", cluster.Volumes, plain);
        Load("snapshots", cluster.Snapshots, ofVolumes);
        Load("groupSnapshots", cluster.GroupSnapshots, ofSnapshots);
        Load("accessGroups", cluster.AccessGroups, plain);
        Load("initiators", cluster.Initiators, plain);
        Load("schedules", cluster.Schedules, plain);
        Load("jobs", cluster.Jobs, ofSnapshots);
        Load("faults", cluster.Faults, plain);
        foreach (var entry in store.Load(EventsTable).OrderBy(row => long.Parse(row.Key, CultureInfo.InvariantCulture)))
        {
            cluster.Events.Enqueue((JsonObject)JsonNode.Parse(entry.Value)!);
        }

        cluster.Store.RemoveUnopened();
        Relate();
    }

    public void Save()
    {
        cluster.Ids.ContentStamp = cluster.ContentStamps;
        var row = new ClusterRow { Ids = cluster.Ids, DefaultQos = cluster.DefaultQos, LastCollection = cluster.LastCollection };
        mirror.Show("solidfire.cluster", [KeyValuePair.Create("cluster", JsonSerializer.Serialize(row, plain))]);
        Show("admins", cluster.Admins, plain);
        Show("accounts", cluster.Accounts, plain);
        Show("qosPolicies", cluster.QosPolicies, plain);
        Show("volumes", cluster.Volumes, plain);
        Show("snapshots", cluster.Snapshots, ofVolumes);
        Show("groupSnapshots", cluster.GroupSnapshots, ofSnapshots);
        Show("accessGroups", cluster.AccessGroups, plain);
        Show("initiators", cluster.Initiators, plain);
        Show("schedules", cluster.Schedules, plain);
        Show("jobs", cluster.Jobs, ofSnapshots);
        Show("faults", cluster.Faults, plain);
        mirror.Commit(events);
        events.Clear();
    }

    public void Added(JsonObject entry) => events.Add(new StateChange(EventsTable, entry["eventID"]!.ToString(), entry.ToJsonString()));

    public void Removed(JsonObject entry) => events.Add(new StateChange(EventsTable, entry["eventID"]!.ToString(), null));

    private void Relate()
    {
        foreach (var group in cluster.GroupSnapshots.Values)
        {
            group.Members.ForEach(member => member.Group = group);
        }

        // A handle whose volumes are purged tells nothing any more.
        foreach (var job in cluster.Jobs.Values.Where(job => job.Members.Exists(member => member.Source is null || member.Target is null)).ToList())
        {
            cluster.Jobs.Remove(job.Handle);
        }

        // Writes since the last save may have had later stamps: equal stamps must mean equal content, so nobody keeps an old one.
        cluster.ContentStamps = cluster.Ids.ContentStamp + (1L << 32);
        foreach (var volume in cluster.Volumes.Values.Where(volume => volume.ContentStamp != 0 || volume.Device.AllocatedBlocks > 0))
        {
            volume.ContentStamp = cluster.NextContentStamp();
        }
    }

    private void Load<T>(string table, SortedDictionary<long, T> into, JsonSerializerOptions options)
    {
        foreach (var (key, row) in mirror.Load($"solidfire.{table}").OrderBy(row => long.Parse(row.Key, CultureInfo.InvariantCulture)))
        {
            into.Add(long.Parse(key, CultureInfo.InvariantCulture), JsonSerializer.Deserialize<T>(row, options)!);
        }
    }

    private void Show<T>(string table, SortedDictionary<long, T> rows, JsonSerializerOptions options) => mirror.Show(
        $"solidfire.{table}",
        rows.Select(row => KeyValuePair.Create(row.Key.ToString(CultureInfo.InvariantCulture), JsonSerializer.Serialize(row.Value, options))));

    private sealed record ClusterRow
    {
        public required ClusterIds Ids { get; init; }

        public required QualityOfService DefaultQos { get; init; }

        public DateTimeOffset? LastCollection { get; init; }
    }
}
