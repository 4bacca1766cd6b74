using SnapshotWorkflows.Secondary.Blobs;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Metrics;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Secondary.Retry;
using SnapshotWorkflows.Secondary.Throttle;

namespace SnapshotWorkflows.Secondary.Destinations;

/// <summary>The configured destinations by name.</summary>
public sealed class SecondaryDestinations
{
    private readonly Dictionary<string, SecondaryDestination> _byName = new(StringComparer.Ordinal);
    private readonly string? _default;

    /// <exception cref="SecondaryStoreException"><c>store.no-destination</c>: settings that cannot work, all of them in one message.</exception>
    /// <param name="open">Opens the bare store of a destination; null opens what its Kind says.</param>
    /// <param name="time">For retries, throttling and metrics.</param>
    /// <param name="instruments">Where calls are counted; null counts nothing.</param>
    public SecondaryDestinations(
        SecondaryOptions options, Func<SecondaryDestinationOptions, ISecondaryStore>? open = null, TimeProvider? time = null, StoreInstruments? instruments = null)
    {
        var faults = Faults(options);
        if (faults.Count > 0)
        {
            throw new SecondaryStoreException(StoreCodes.NoDestination, $"The settings under Secondary cannot work: {string.Join("; ", faults)}.",
                "Correct Secondary:Destinations and Secondary:DefaultDestination.");
        }
        open ??= Open;
        foreach (var one in options.Destinations)
            _byName.Add(one.Name, Decorated(one, open(one), time ?? TimeProvider.System, instruments));
        ChunkUndoRuns = options.ChunkUndoRuns;
        _default = options.DefaultDestination ?? (options.Destinations.Count == 1 ? options.Destinations[0].Name : null);
    }

    /// <summary>What cannot work, each a clause that names the destination; empty: everything can.</summary>
    public static IReadOnlyList<string> Faults(SecondaryOptions options)
    {
        var faults = new List<string>();
        foreach (var one in options.Destinations)
            Check(one, faults);
        faults.AddRange(options.Destinations.Where(one => one.Name.Length > 0).GroupBy(one => one.Name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(twice => $"two destinations are named '{twice.Key}'"));
        if (options.ChunkUndoRuns is < 0 or > 365)
            faults.Add("ChunkUndoRuns is not between 0 and 365");
        if (options.DefaultDestination is { } named && options.Destinations.All(one => one.Name != named))
            faults.Add($"DefaultDestination '{named}' is none of the destinations");
        return faults;
    }

    /// <inheritdoc cref="SecondaryOptions.ChunkUndoRuns"/>
    public int ChunkUndoRuns { get; }

    public IReadOnlyCollection<SecondaryDestination> All => _byName.Values;

    /// <summary>The destination of that name; the default one for null.</summary>
    /// <exception cref="SecondaryStoreException"><c>store.no-destination</c>.</exception>
    public SecondaryDestination Get(string? name)
    {
        var wanted = name ?? _default ?? throw new SecondaryStoreException(StoreCodes.NoDestination, "No destination is named and there is no default.",
            "Name one in the request, or set Secondary:DefaultDestination.");
        return _byName.TryGetValue(wanted, out var found) ? found : throw new SecondaryStoreException(StoreCodes.NoDestination,
            $"There is no destination '{wanted}'.", $"Configured: {string.Join(", ", _byName.Keys)}.");
    }

    private static void Check(SecondaryDestinationOptions one, List<string> faults)
    {
        var label = one.Name.Length > 0 ? $"destination '{one.Name}'" : "a destination";
        if (!StoreName.IsValidSegment(one.Name))
            faults.Add($"{label} has no usable Name");
        if (one.Kind == SecondaryDestinationOptions.NfsKind)
            CheckNfs(one, label, faults);
        else if (one.Kind == SecondaryDestinationOptions.BlobKind)
            faults.AddRange(BlobOptions(one).Faults().Select(fault => $"{label} {fault}"));
        else
            faults.Add($"{label} has the Kind '{one.Kind}', known are nfs and blob");
        if (one.Retry.Retries is < 0 or > 20 || one.Retry.Delay < TimeSpan.Zero || one.Retry.LongestDelay < one.Retry.Delay || one.Retry.LongestDelay > TimeSpan.FromHours(1))
            faults.Add($"{label} has Retry settings out of range: Retries 0 to 20, Delay not above LongestDelay, which is at most 01:00:00");
        if (one.Throttle is { BytesPerSecond: <= 0 } or { Concurrency: <= 0 })
            faults.Add($"{label} has a Throttle that lets nothing through");
        if (one.MinimumFreeBytes < 0)
            faults.Add($"{label} has a negative MinimumFreeBytes");
        try
        {
            _ = one.Chunks?.Ring();
        }
        catch (ChunkException wrong)
        {
            faults.Add($"{label} has Chunks settings that cannot work: {wrong.Message}");
        }
    }

    private static void CheckNfs(SecondaryDestinationOptions one, string label, List<string> faults)
    {
        if (!Path.IsPathRooted(one.Path))
            faults.Add($"{label} has no absolute Path");
        if (one.Server.Length == 0 || !one.Export.StartsWith('/'))
            faults.Add($"{label} lacks Server or an absolute Export, by which hypervisors mount it");
    }

    private static ISecondaryStore Open(SecondaryDestinationOptions one) => one.Kind == SecondaryDestinationOptions.BlobKind
        ? new BlobStore(BlobOptions(one))
        : new FolderStore(new FolderStoreOptions
        {
            Name = one.Name,
            Path = one.Path,
            RequireMount = one.RequireMount,
            MinimumFreeBytes = one.MinimumFreeBytes,
        });

    // From the store outwards: every try is throttled and counted, and only the outermost repeats.
    private static SecondaryDestination Decorated(SecondaryDestinationOptions one, ISecondaryStore store, TimeProvider time, StoreInstruments? instruments)
    {
        var folders = store as IHypervisorFolders;
        if (!one.Throttle.IsOff)
            store = new ThrottledStore(store, one.Throttle, time);
        if (instruments is not null)
            store = new MeteredStore(store, instruments, time);
        if (one.Retry.Retries > 0)
            store = new RetryingStore(store, one.Retry, time);
        return new SecondaryDestination(one, store) { Folders = folders };
    }

    internal static BlobStoreOptions BlobOptions(SecondaryDestinationOptions one)
    {
        var blob = one.Blob ?? new BlobDestinationOptions();
        return new BlobStoreOptions
        {
            Name = one.Name,
            Container = blob.Container,
            ConnectionString = blob.ConnectionString,
            ServiceUrl = blob.ServiceUrl,
            AccountName = blob.AccountName,
            AccountKey = blob.AccountKey,
            Sas = blob.Sas,
            CreateContainer = blob.CreateContainer,
            NetworkTimeout = blob.NetworkTimeout,
        };
    }
}
