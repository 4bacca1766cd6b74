using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>The cluster's tables. Everything in them is touched under <see cref="Gate"/> only; the bytes have their own locks.</summary>
internal sealed partial class Cluster
{
    private readonly TimeProvider clock;
    private readonly ClusterState? state;
    private readonly List<SparseVolume> discarded = [];

    public Cluster(SolidFireOptions options, TimeProvider clock, SparseVolumeStore store)
    {
        (Options, this.clock, Store) = (options, clock, store);
        state = options.State is null ? null : new ClusterState(this, options.State);
        state?.Load();
        if (Admins.Count == 0)
        {
            Admins.Add(1, new ClusterAdmin { Id = 1, Username = options.Username, Password = options.Password });
        }
        else
        {
            // The first administrator is the settings' own, whatever the password was before.
            Admins.Values.First().Password = options.Password;
        }

        Save();
    }

    public Lock Gate { get; } = new();

    public SolidFireOptions Options { get; }

    public SparseVolumeStore Store { get; }

    public DateTimeOffset Now => clock.GetUtcNow();

    public ClusterIds Ids { get; set; } = new();

    public SortedDictionary<long, ClusterAdmin> Admins { get; } = [];

    public SortedDictionary<long, Account> Accounts { get; } = [];

    public SortedDictionary<long, Volume> Volumes { get; } = [];

    public SortedDictionary<long, Snapshot> Snapshots { get; } = [];

    public SortedDictionary<long, GroupSnapshot> GroupSnapshots { get; } = [];

    public SortedDictionary<long, AccessGroup> AccessGroups { get; } = [];

    public SortedDictionary<long, Initiator> Initiators { get; } = [];

    public SortedDictionary<long, QosPolicy> QosPolicies { get; } = [];

    public SortedDictionary<long, Schedule> Schedules { get; } = [];

    public SortedDictionary<long, AsyncJob> Jobs { get; } = [];

    public SortedDictionary<long, ClusterFault> Faults { get; } = [];

    /// <summary>What SetDefaultQoS set last.</summary>
    public QualityOfService DefaultQos { get; set; } = QualityOfService.Default;

    /// <summary>When the space was counted last.</summary>
    public DateTimeOffset? LastCollection { get; set; }

    /// <summary>A volume that calls may name: any but those being cloned into, unless asked for, and the purged ones.</summary>
    public Volume Volume(long id, bool orInit = false) =>
        Volumes.TryGetValue(id, out var volume) && (orInit || volume.Status != VolumeStatus.Init) ? volume : throw ApiError.VolumeUnknown(id);

    public Volume ActiveVolume(long id) => Volume(id) is { Status: VolumeStatus.Active } volume ? volume : throw ApiError.VolumeUnknown(id);

    public Account Account(long id) => Accounts.TryGetValue(id, out var account) ? account : throw ApiError.AccountUnknown(id);

    public Snapshot Snapshot(long id) => Snapshots.TryGetValue(id, out var snapshot) ? snapshot : throw ApiError.SnapshotUnknown(id);

    public GroupSnapshot GroupSnapshot(long id) => GroupSnapshots.TryGetValue(id, out var group) ? group : throw ApiError.Unknown("GroupSnapshot", id);

    public AccessGroup AccessGroup(long id) => AccessGroups.TryGetValue(id, out var group) ? group : throw ApiError.Unknown("VolumeAccessGroup", id);

    public QosPolicy QosPolicy(long id) => QosPolicies.TryGetValue(id, out var policy) ? policy : throw ApiError.Unknown("QoSPolicy", id);

    public Initiator? FindInitiator(string name) =>
        Initiators.Values.FirstOrDefault(initiator => string.Equals(initiator.Name, name, StringComparison.OrdinalIgnoreCase));

    public IEnumerable<Snapshot> SnapshotsOf(Volume volume) => Snapshots.Values.Where(snapshot => snapshot.Volume == volume);

    public IEnumerable<long> AccessGroupsOf(Volume volume) =>
        AccessGroups.Values.Where(group => group.Volumes.Contains(volume.Id)).Select(group => group.Id);

    public QualityOfService QosOf(Volume volume) =>
        volume.QosPolicyId is { } id && QosPolicies.TryGetValue(id, out var policy) ? policy.Qos : volume.Qos;

    public JsonObject Describe(Volume volume) => volume.ToJson(AccessGroupsOf(volume), QosOf(volume));

    public JsonObject Describe(AccessGroup group) => group.ToJson(group.Initiators.Select(name => FindInitiator(name)?.Id ?? 0));

    public JsonObject Describe(Initiator initiator) =>
        initiator.ToJson(AccessGroups.Values.Where(group => group.HasInitiator(initiator.Name)).Select(group => group.Id));

    /// <summary>Provisioned space: every volume that is not purged, at its full size.</summary>
    public long ProvisionedSpace => Volumes.Values.Sum(volume => volume.Device.Length);

    /// <summary>Bytes to give back once the tables no longer name them.</summary>
    public void Discard(SparseVolume device) => discarded.Add(device);

    /// <summary>Makes what was done outlive the process; only then are blocks that nobody owns any more free for others.</summary>
    public void Save()
    {
        NothingIsDueBefore = DateTimeOffset.MinValue;
        state?.Save();
        foreach (var device in discarded)
        {
            device.Dispose();
        }

        discarded.Clear();
    }
}

/// <summary>
/// The last number given of each kind. Separate counters, deliberately apart, as on live clusters: a caller that mixes two kinds of
/// id meets nothing. No number is ever given twice.
/// </summary>
internal sealed class ClusterIds
{
    public long Volume { get; set; }

    public long Snapshot { get; set; } = 1000;

    public long GroupSnapshot { get; set; } = 300;

    public long Account { get; set; }

    public long AccessGroup { get; set; }

    public long Initiator { get; set; } = 10;

    public long QosPolicy { get; set; }

    public long Schedule { get; set; }

    public long Admin { get; set; } = 1;

    public long Handle { get; set; } = 52;

    public long Clone { get; set; } = 146;

    public long GroupClone { get; set; } = 20;

    public long BulkVolume { get; set; } = 70;

    public long Event { get; set; }

    public long Fault { get; set; }

    public long ContentStamp { get; set; }
}
