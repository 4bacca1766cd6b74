using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.App.Access;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.App.Readiness;

/// <summary>Tries every appliance and store, changing nothing but one row of the catalog, and says what it found and what to mend. At most one round at a time; a round is good for a few seconds.</summary>
internal sealed class ReadinessChecks(
    SolidFireArrays arrays, IXenServerPools pools, CloudStackClient cloudStack, SecondaryDestinations destinations, CatalogDatabase catalog, DurableTaskClient client, ITaskHub hub, PauseArms arms, IOptions<PauseOptions> pause, RolesWithoutKey roles, TimeProvider time)
    : IReadiness, IDisposable
{
    private static readonly TimeSpan s_goodFor = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _one = new(1);
    private readonly StoreProbes _stores = new(time);
    private IReadOnlyList<ReadinessFinding> _last = [];
    private long? _at;

    public async Task<IReadOnlyList<ReadinessFinding>> FindAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (_at is { } at && time.GetElapsedTime(at) < s_goodFor) return _last;
            var rounds = new List<Task<ReadinessFinding>>
            {
                TryAsync("cloudstack", () => CloudStackAsync(cancellation), cancellation),
                TryAsync("catalog", CatalogAsync, cancellation),
                TryAsync("hub", () => HubAsync(cancellation), cancellation),
            };
            rounds.AddRange(arrays.Names.Select(name => TryAsync($"solidfire {name}", () => ArrayAsync(name, cancellation), cancellation, "array")));
            rounds.AddRange(pools.Names.Select(name => TryAsync($"xenserver {name}", () => PoolAsync(name, cancellation), cancellation, pools.CopyPool.PoolName == name ? null : "pool")));
            rounds.AddRange(destinations.All.Select(destination => TryAsync($"secondary {destination.Name}", () => _stores.AskAsync(destination.Name, () => DestinationAsync(destination), cancellation), cancellation, "destination")));
            // Nothing is paused where that is not allowed, so nobody has to guard it.
            if (pause.Value.HighAvailabilityIsOff) rounds.Add(TryAsync("watchdog", () => Task.FromResult(WatchdogCheck.Of(arms)), cancellation));
            if (roles.Find() is { } held) rounds.Add(Task.FromResult(held));
            _last = await Task.WhenAll(rounds);
            _at = time.GetTimestamp();
            return _last;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    /// <summary>A check that breaks is a finding too: it must stop neither the others nor the service.</summary>
    private static async Task<ReadinessFinding> TryAsync(string system, Func<Task<ReadinessFinding>> check, CancellationToken cancellation, string? oneOf = null)
    {
        try
        {
            return await check() with { OneOf = oneOf };
        }
#pragma warning disable CA1031 // Whatever it is: it is told.
        catch (Exception broken) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return Finding(system, "not reached", [broken switch
            {
                SecondaryException store => $"{store.Message} {store.Remedy}",
                CatalogException own => $"{own.Code}: {own.Message} {own.Remedy}",
                _ => $"{broken.GetType().Name}: {broken.Message}",
            }]) with { OneOf = oneOf };
        }
    }

    private Task<ReadinessFinding> CatalogAsync() => Task.Run(() =>
    {
        // Written, not read: a full disk answers every question.
        new UpkeepReports(catalog, time).Save("readiness", "{}");
        return StateFiles.MendCatalog(catalog) is { } mend ? Finding("catalog", "another file", [mend]) : Finding("catalog", "answers", []);
    });

    private async Task<ReadinessFinding> HubAsync(CancellationToken cancellation)
    {
        _ = await client.GetInstanceAsync("readiness", cancellation);
        return StateFiles.MendHub(hub) is { } mend ? Finding("hub", "another file", [mend]) : Finding("hub", "answers", []);
    }

    private async Task<ReadinessFinding> ArrayAsync(string name, CancellationToken cancellation)
    {
        var check = await arrays.CheckAsync(name, cancellation);
        var found = check.Cluster is { } cluster ? $"cluster {cluster.Name} ({cluster.Uuid}), Element {check.Version}, {check.Limits?.SnapshotsPerVolumeMax} snapshots a volume" : "not reached";
        return Finding($"solidfire {name}", found, check.Mend);
    }

    private async Task<ReadinessFinding> PoolAsync(string name, CancellationToken cancellation)
    {
        var check = await pools.Get(name).CheckAsync(cancellation);
        var found = check.Version is { } version
            ? $"{version.ProductBrand} {version.ProductVersion}, {check.Hosts.Count(host => host.Live)} of {check.Hosts.Count} hosts live, resign driver {(check.CanResign ? "present" : "absent")}"
            : "not reached";
        return Finding($"xenserver {name}{(pools.CopyPool.PoolName == name ? " (copies)" : "")}", found, check.Mend);
    }

    private async Task<ReadinessFinding> CloudStackAsync(CancellationToken cancellation)
    {
        var check = await cloudStack.CheckAsync(cancellation);
        return Finding("cloudstack", check.Zones.Count > 0 ? $"{check.Zones.Count} zones, version {check.Version ?? "not told"}" : "not reached", check.Mend);
    }

    /// <summary>Not given up with whoever asked: others may wait for the same answer.</summary>
    private async Task<ReadinessFinding> DestinationAsync(SecondaryDestination destination)
    {
        var check = await destination.Store.CheckAsync(CancellationToken.None);

        // A wrong or missing master key is found now and not by the first copy, or the first restore.
        if (check.Fault is null && await destination.HasRepositoryAsync(CancellationToken.None)) _ = await destination.OpenRepositoryAsync(time, CancellationToken.None);
        return Finding($"secondary {destination.Name}", check.TotalBytes > 0 ? $"{check.FreeBytes / (1 << 20)} of {check.TotalBytes / (1 << 20)} MiB free" : check.Writable ? "writable" : "not reached", check.Fault is { } fault ? [$"{fault.Message} {fault.Remedy}"] : []);
    }

    private static ReadinessFinding Finding(string system, string found, IReadOnlyList<string> mend) => new(system, mend.Count == 0, found, mend.Count == 0 ? null : string.Join(" ", mend));
}
