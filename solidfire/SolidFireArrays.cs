using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.SolidFire;

/// <summary>
/// The configured arrays. Element ids are plain counters of each cluster, so an array is found by its cluster's uuid, and has to prove it before every use: what it said earlier only tells
/// whom to ask first. An array that is away hides no other.
/// </summary>
public sealed class SolidFireArrays : IDisposable
{
    /// <summary>How long one array may hold up the search for another.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>How long one that has answered waits for those that may say the same: a guest may be frozen meanwhile.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

    private readonly List<Entry> _entries = [];
    private readonly List<HttpClient> _https = [];
    private readonly TimeProvider _time;

    /// <param name="connect">Makes the connection to an array, over a handler that checks the server's certificate.</param>
    public SolidFireArrays(IEnumerable<SolidFireOptions> arrays, Func<SolidFireOptions, HttpClient> connect, TimeProvider time, ILogger<SolidFireClient> logger)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        ArgumentNullException.ThrowIfNull(connect);
        _time = time;
        foreach (var options in arrays)
        {
            var http = connect(options);
            _https.Add(http);
            _entries.Add(new Entry(options.Name, options.SettingsPath, new SolidFireClient(http, options, time, logger), options.CopyQos?.ToQos()));
        }
    }

    public IReadOnlyList<string> Names => [.. _entries.Select(entry => entry.Name)];

    /// <summary>What the named array is and lets us do, with what is wrong with its place among the others.</summary>
    public async Task<SolidFireCheck> CheckAsync(string name, CancellationToken cancellation)
    {
        var entry = Find(name);
        var check = await entry.Client.CheckAsync(cancellation);
        if (check.Cluster is not { } cluster) return check;
        entry.Last = cluster;
        return Twins(entry) is { Count: > 0 } twins ? check with { Mend = [.. check.Mend, NamedTwice([entry, .. twins]).Message] } : check;
    }

    /// <summary>The named array, for what looks through a whole array; null is the first.</summary>
    /// <exception cref="SolidFireArraysException">There is none of this name, or its cluster is another entry's too.</exception>
    /// <exception cref="SolidFireException">It does not answer.</exception>
    public async Task<SolidFireArray> OpenAsync(string? name, CancellationToken cancellation)
    {
        var entry = name is null ? _entries[0] : Find(name);
        var array = await AskAsync(entry, cancellation);
        return Twins(entry).Count == 0 ? array : await RequireAsync(array.Cluster.Uuid, cancellation);
    }

    /// <summary>The array whose ids these are, which has just proven it.</summary>
    /// <exception cref="SolidFireArraysException">None of the arrays is that cluster, or several entries lead to it.</exception>
    /// <exception cref="SolidFireException">An array did not answer that may be it.</exception>
    public async Task<SolidFireArray> RequireAsync(string clusterUuid, CancellationToken cancellation)
    {
        var round = await AskAsync(cluster => string.Equals(cluster.Uuid, clusterUuid, StringComparison.OrdinalIgnoreCase), cancellation);
        var found = round.Arrays.Where(array => array.Is(clusterUuid)).ToList();
        if (found is [var only]) return only;
        if (found.Count > 1) throw NamedTwice([.. found.Select(array => Find(array.Name))]);
        round.RequireAll();
        throw new SolidFireArraysException(
            SolidFireArraysException.OtherCluster, SolidFireErrorKind.Conflict,
            $"This works on cluster {clusterUuid}, but the settings lead to {string.Join(", ", round.Arrays.Select(array => $"{array.Cluster.Uuid} ({array.Name})"))}. Nothing was touched.",
            $"Point an Endpoint under {SolidFireOptions.Section} back at that cluster, or add it under {SolidFireOptions.Section}:Arrays.");
    }

    /// <summary>Asks the arrays who they are: those first that were wanted when last asked, and all where none of these is any more.</summary>
    /// <exception cref="SolidFireException">The only array does not answer.</exception>
    public async Task<ArraysRound> AskAsync(Func<ClusterInfo, bool> wanted, CancellationToken cancellation)
    {
        var known = _entries.Where(entry => entry.Last is { } last && wanted(last)).ToList();
        if (known.Count > 0 && _entries.Count > 1)
        {
            var round = await AskAsync(known, wanted, Timeout.InfiniteTimeSpan, cancellation);
            if (round.Away.Count > 0 || round.Arrays.Any(array => wanted(array.Cluster))) return round;
        }

        return await AskAllAsync(wanted, cancellation);
    }

    /// <summary>Asks every array who it is.</summary>
    /// <exception cref="SolidFireException">The only array does not answer.</exception>
    public Task<ArraysRound> AskAllAsync(CancellationToken cancellation) => AskAllAsync(_ => false, cancellation);

    public void Dispose() => _https.ForEach(http => http.Dispose());

    private async Task<ArraysRound> AskAllAsync(Func<ClusterInfo, bool> wanted, CancellationToken cancellation) =>
        _entries is [var single] ? new ArraysRound([await AskAsync(single, cancellation)], [], Whole: true) : await AskAsync(_entries, wanted, s_patience, cancellation);

    private async Task<ArraysRound> AskAsync(List<Entry> entries, Func<ClusterInfo, bool> wanted, TimeSpan patience, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(patience, _time);
        var answers = await Task.WhenAll(entries.Select(entry => TryAskAsync(entry, wanted, deadline, cancellation)));
        return new ArraysRound([.. answers.Select(answer => answer.Array).OfType<SolidFireArray>()], [.. answers.Select(answer => answer.Away).OfType<SolidFireException>()], entries.Count == _entries.Count);
    }

    private async Task<(SolidFireArray? Array, SolidFireException? Away)> TryAskAsync(Entry entry, Func<ClusterInfo, bool> wanted, CancellationTokenSource deadline, CancellationToken cancellation)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            var array = await AskAsync(entry, linked.Token);
            if (wanted(array.Cluster)) deadline.CancelAfter(s_grace);
            return (array, null);
        }
        catch (SolidFireException away)
        {
            return (null, away);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, new SolidFireException("GetClusterInfo", SolidFireErrors.TimedOut, SolidFireErrorKind.Transient, $"Array {entry.Name} gave no answer in time; check {entry.SettingsPath}:Endpoint and the network."));
        }
    }

    private static async Task<SolidFireArray> AskAsync(Entry entry, CancellationToken cancellation)
    {
        var cluster = await entry.Client.GetClusterInfoAsync(cancellation);
        entry.Last = cluster;
        return new SolidFireArray(entry.Name, entry.Client, cluster) { CopyQos = entry.CopyQos };
    }

    private Entry Find(string name) => _entries.Find(entry => entry.Name == name) ?? throw new SolidFireArraysException(
        SolidFireArraysException.NotConfigured, SolidFireErrorKind.Conflict, $"No array named {name} is configured; there are {string.Join(", ", Names)}.", $"Name it under {SolidFireOptions.Section}:Arrays, or ask again.");

    private List<Entry> Twins(Entry entry) =>
        [.. _entries.Where(other => other != entry && other.Last is { } last && string.Equals(last.Uuid, entry.Last?.Uuid, StringComparison.OrdinalIgnoreCase))];

    private static SolidFireArraysException NamedTwice(IReadOnlyList<Entry> entries) => new(
        SolidFireArraysException.NamedTwice, SolidFireErrorKind.Conflict,
        $"{string.Join(" and ", entries.Select(entry => $"{entry.SettingsPath} ({entry.Name})"))} lead to one cluster, {entries[0].Last?.Uuid}; leave one of them.",
        $"Take one of the entries away under {SolidFireOptions.Section}, or point it at the cluster that was meant, and start again.");

    private sealed class Entry(string name, string settingsPath, SolidFireClient client, VolumeQos? copyQos)
    {
        public string Name { get; } = name;

        public string SettingsPath { get; } = settingsPath;

        public SolidFireClient Client { get; } = client;

        public VolumeQos? CopyQos { get; } = copyQos;

        /// <summary>What it said when last asked; believed by nobody.</summary>
        public ClusterInfo? Last { get; set; }
    }
}
