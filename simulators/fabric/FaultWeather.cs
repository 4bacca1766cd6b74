namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// Faults on a share of all calls, drawn evenly from six kinds: request dropped, answer dropped, the vendor's error once, a stall, a body cut short, a restart.
/// A call is one request to an appliance's address; reads within a running NBD session are none.
/// </summary>
public sealed record FaultWeather
{
    /// <summary>Share of all calls that are hit, over 0 to 1.</summary>
    public required double Share { get; init; }

    /// <summary>What is drawn follows from it and from the order in which calls come.</summary>
    public int Seed { get; init; }

    /// <summary>How long a stalled answer waits.</summary>
    public TimeSpan Stall { get; init; }

    /// <summary>How long a system is away that was restarted.</summary>
    public TimeSpan Away { get; init; }

    /// <summary>Error names by system, of which one is drawn for <see cref="FaultAction.Fail"/>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Failures { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Most bytes that still arrive of a disk's export or import that is cut or meets a restart.</summary>
    public long StreamBytes { get; init; } = 64L << 20;
}

/// <summary>What a weather has done so far.</summary>
/// <param name="Calls">Calls that it was asked about.</param>
/// <param name="Hits">Of these, hit ones by <c>system.action</c>.</param>
public sealed record WeatherReport(long Calls, IReadOnlyDictionary<string, long> Hits);

/// <summary>Draws a weather's faults. Not thread-safe.</summary>
internal sealed class WeatherDraw(FaultWeather weather)
{
    private const int RpcBytes = 200;

    private static readonly FaultAction[] s_kinds = [FaultAction.DropRequest, FaultAction.DropAnswer, FaultAction.Fail, FaultAction.Stall, FaultAction.Truncate, FaultAction.Restart];

    private readonly Random _random = new(weather.Seed);
    private readonly SortedDictionary<string, long> _hits = new(StringComparer.Ordinal);
    private long _calls;

    public WeatherReport Report() => new(_calls, new SortedDictionary<string, long>(_hits, StringComparer.Ordinal));

    /// <summary>The fault that hits this call, or null.</summary>
    public FaultSpecification? Take(string system, string? pool, string method)
    {
        if (!IsCall(method)) return null;
        _calls++;
        if (_random.NextDouble() >= weather.Share) return null;
        var action = s_kinds[_random.Next(s_kinds.Length)];
        var names = weather.Failures.GetValueOrDefault(system) ?? [];
        var key = $"{system}.{action}";
        _hits[key] = _hits.GetValueOrDefault(key) + 1;
        return new FaultSpecification
        {
            System = system,
            Pool = pool,
            Method = method,
            Action = action,
            ErrorName = names.Count > 0 ? names[_random.Next(names.Count)] : null,
            Duration = action == FaultAction.Restart ? weather.Away : weather.Stall,
            Bytes = method is "export_raw_vdi" or "import_raw_vdi" ? _random.NextInt64(weather.StreamBytes) : _random.Next(RpcBytes),
        };
    }

    /// <summary>A request to a pool is asked about under up to three names; the one without <c>Async.</c> stands for it.</summary>
    private static bool IsCall(string method) => method != "dispatch" && !method.StartsWith("Async.", StringComparison.Ordinal) && !method.StartsWith("nbd_", StringComparison.Ordinal);
}
