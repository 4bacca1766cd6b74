using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire.Calls;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>
/// A SolidFire cluster: JSON-RPC at its management address, iSCSI targets at its storage address, real bytes behind both.
/// Faults are planned for system <c>solidfire</c> and the JSON-RPC method names.
/// </summary>
public sealed class SolidFireSimulator : ISimulatedEndpoint, ISteppable, IIscsiArray
{
    /// <summary>Name of this system in fault plans and call counts.</summary>
    public const string SystemName = "solidfire";

    private readonly TimeProvider clock;
    private readonly Cluster cluster;
    private readonly CallTable table = new();
    private readonly JsonRpcTransport transport;
    private long awayUntil;

    public SolidFireSimulator(SolidFireOptions options, TimeProvider clock, FaultPlan faults, SparseVolumeStore store)
    {
        Options = options;
        this.clock = clock;
        cluster = new Cluster(options, clock, store);
        var taker = new SnapshotTaker(cluster);
        var volumes = new VolumeCalls(cluster);
        new ClusterCalls(cluster, table).Register();
        new CapacityCalls(cluster).Register(table);
        new HardwareCalls(cluster).Register(table);
        new StatsCalls(cluster).Register(table);
        new EventCalls(cluster).Register(table);
        new AdminCalls(cluster).Register(table);
        new AccountCalls(cluster).Register(table);
        new QosCalls(cluster).Register(table);
        volumes.Register(table);
        new VolumeBatchCalls(cluster, volumes).Register(table);
        new SnapshotCalls(cluster, taker).Register(table);
        new GroupSnapshotCalls(cluster, taker).Register(table);
        new ScheduleCalls(cluster, taker).Register(table);
        new CloneCalls(cluster).Register(table);
        new BulkVolumeCalls(cluster).Register(table);
        new AsyncCalls(cluster, ApiVersion.Parse(options.ApiVersion)).Register(table);
        new AccessGroupCalls(cluster).Register(table);
        new InitiatorCalls(cluster).Register(table);
        table.Read("GetCurrentClusterAdmin", _ => new JsonObject { ["clusterAdmin"] = cluster.Admins[1].ToJson() }, since: "6.0");
        transport = new JsonRpcTransport(cluster, options, clock, faults, ExecuteAs, Restart);
    }

    public SolidFireOptions Options { get; }

    /// <summary>Names of all methods served at the newest version.</summary>
    public IReadOnlyList<string> Methods => [.. table.NamesOf(ApiVersion.Newest)];

    /// <inheritdoc />
    public void Step() => cluster.Step();

    /// <inheritdoc />
    public IReadOnlyList<string> Discover(string initiatorIqn) => cluster.Discover(initiatorIqn, account: null);

    /// <inheritdoc />
    public IReadOnlyList<string> Discover(string initiatorIqn, string? chapUsername) => cluster.Discover(initiatorIqn, chapUsername);

    /// <inheritdoc />
    public ILunSession? Login(string initiatorIqn, string targetIqn) => cluster.Login(new InitiatorLogin(initiatorIqn, targetIqn));

    /// <inheritdoc />
    public ILunSession? Login(InitiatorLogin login) => cluster.Login(login);

    /// <inheritdoc />
    public ChapCredentials? FindChap(string username) => cluster.FindChap(username);

    /// <summary>The management address goes away for a while, as when it moves to another node; jobs and sessions go on.</summary>
    public void Restart(TimeSpan away) => Volatile.Write(ref awayUntil, (clock.GetUtcNow() + away).UtcTicks);

    /// <summary>
    /// Executes a method as an administrator at the console would: no transport, no fault, no call count. For building worlds.
    /// </summary>
    /// <exception cref="InvalidOperationException">The API answers with an error; its name is in the message.</exception>
    public JsonObject Call(string method, JsonObject? parameters = null)
    {
        try
        {
            return Execute(method, new CallParameters(parameters ?? [], method), null);
        }
        catch (ApiError error)
        {
            throw new InvalidOperationException($"{method}: {error.Name}: {error.Message}", error);
        }
    }

    /// <summary>Everything that is on the array, those things included that its own lists hide.</summary>
    public JsonObject Inventory()
    {
        cluster.Step();
        lock (cluster.Gate)
        {
            return ClusterInventory.Of(cluster);
        }
    }

    /// <summary>Puts a fault on the cluster's list, or takes it off.</summary>
    public void SetFault(string code, string severity, string type, string details, bool resolved)
    {
        lock (cluster.Gate)
        {
            if (resolved)
            {
                cluster.Resolve(code);
            }
            else
            {
                cluster.Raise(code, severity, type, details);
            }

            cluster.Save();
        }
    }

    /// <summary>Makes every job under way due now.</summary>
    /// <returns>How many there were.</returns>
    public int FinishJobs()
    {
        lock (cluster.Gate)
        {
            var running = cluster.Jobs.Values.Where(job => job.Running).ToList();
            running.ForEach(job => job.Due = cluster.Now);
            cluster.NothingIsDueBefore = DateTimeOffset.MinValue;
            cluster.Step();
            return running.Count;
        }
    }

    /// <summary>Writes the LUN as it is now into a sparse raw file.</summary>
    public (long Bytes, long AllocatedBytes) MaterializeVolume(long volumeId, string path)
    {
        SparseVolume device;
        lock (cluster.Gate)
        {
            device = cluster.Volumes.TryGetValue(volumeId, out var volume) ? volume.Device : throw new KeyNotFoundException($"The array has no volume {volumeId}.");
        }

        return device.Materialize(path);
    }

    /// <summary>Writes the LUN as it was at the snapshot into a sparse raw file.</summary>
    public (long Bytes, long AllocatedBytes) MaterializeSnapshot(long snapshotId, string path)
    {
        SparseVolume device;
        lock (cluster.Gate)
        {
            device = cluster.Snapshots.TryGetValue(snapshotId, out var snapshot)
                ? snapshot.Device.Snapshot()
                : throw new KeyNotFoundException($"The array has no snapshot {snapshotId}.");
        }

        using (device)
        {
            return device.Materialize(path);
        }
    }

    /// <inheritdoc />
    public Task InvokeAsync(HttpContext context)
    {
        if (clock.GetUtcNow().UtcTicks < Volatile.Read(ref awayUntil))
        {
            context.Abort();
            return Task.CompletedTask;
        }

        Step();
        return transport.AnswerAsync(context);
    }

    private JsonObject ExecuteAs(ClusterAdmin admin, string method, CallParameters parameters) => method == "GetCurrentClusterAdmin"
        && table.Find(method, parameters.Version) is not null
            ? new JsonObject { ["clusterAdmin"] = admin.ToJson() }
            : Execute(method, parameters, admin);

    private JsonObject Execute(string name, CallParameters parameters, ClusterAdmin? admin)
    {
        var method = table.Find(name, parameters.Version) ?? throw new ApiError("xUnknownAPIMethod", $"method={name}");
        if (admin?.May(method.Access) == false)
        {
            throw new ApiError("xPermissionDenied", $"xPermissionDenied: {name} needs access to {method.Access}");
        }

        cluster.Step();
        lock (cluster.Gate)
        {
            var result = method.Call(parameters);
            if (method.Writes)
            {
                cluster.RecordCall(name, result);
                cluster.Save();
            }

            Since.Prune(result, parameters.Version);
            return result;
        }
    }
}
