using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.Durable.Host.Keys;

/// <summary>
/// Answers which of our keys a presented one is, in a time that does not depend on how much of it is right. Follows the files: a key that was rotated
/// through this process counts at once, one that another process or a person changed within <see cref="LookAgain"/>.
/// </summary>
internal sealed partial class KeyRing(KeyFile file, TimeProvider time, ILogger<KeyRing> logger) : IAccessKeyNames
{
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    private readonly Lock _loading = new();
    private IReadOnlyList<string> _functions = [];
    private Snapshot? _snapshot;
    private long _looked;
    private string _refused = "";

    /// <summary>The value that management URIs carry: whoever gets it can steer every instance.</summary>
    public string DurableTaskSystemKey => Current().Host.System.First(key => key.Name == KeyFile.DurableTaskSystemKey).Value;

    /// <summary>Reads every key, so that a bad file stops the start and not a request.</summary>
    public void Load(IEnumerable<string> functions)
    {
        lock (_loading)
        {
            _functions = [.. functions];
            _ = file.EnsureHostKeys();
            _snapshot = Read();
            _looked = time.GetTimestamp();
        }
    }

    /// <summary>The host's keys as they are now.</summary>
    public HostKeys HostKeys() => Current().Host;

    /// <summary>The function's own keys as they are now.</summary>
    public IReadOnlyList<FunctionKey> FunctionKeys(string function) => Current().Functions.GetValueOrDefault(function) ?? [];

    public IReadOnlyCollection<string> Names()
    {
        var now = Current();
        return [.. now.Host.Functions.Concat(now.Host.System).Concat(now.Functions.Values.SelectMany(own => own)).Select(key => key.Name).Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>Whether this app has a function of that name, disabled ones included.</summary>
    public bool HasFunction(string function) => _functions.Contains(function, StringComparer.OrdinalIgnoreCase);

    public async Task<(FunctionKey Key, bool Created)> SetAsync(KeyPlace place, string name, string? value, CancellationToken cancellation)
    {
        var result = await file.SetAsync(place, name, value, cancellation);
        Reload();
        LogChanged(logger, name, place, result.Created ? "created" : "given a new value");
        return result;
    }

    public async Task<bool> RemoveAsync(KeyPlace place, string name, CancellationToken cancellation)
    {
        var removed = await file.RemoveAsync(place, name, cancellation);
        Reload();
        if (removed)
        {
            LogChanged(logger, name, place, "deleted");
        }

        return removed;
    }

    /// <param name="presented">The key as sent.</param>
    /// <param name="function">The function asked for; null where function keys open nothing.</param>
    public MatchedKey? Match(string presented, string? function)
    {
        var digest = Digest(presented);
        MatchedKey? matched = null;

        // Every key is compared, and digests of one length are compared, so that neither order nor length shows.
        foreach (var known in Current().Known)
        {
            if (CryptographicOperations.FixedTimeEquals(digest, known.Digest)
                && (known.Function is null || string.Equals(known.Function, function, StringComparison.OrdinalIgnoreCase)))
            {
                matched ??= known.Key;
            }
        }

        return matched;
    }

    private Snapshot Current()
    {
        var snapshot = Volatile.Read(ref _snapshot) ?? throw new InvalidOperationException("The keys have not been loaded.");
        if (time.GetElapsedTime(Interlocked.Read(ref _looked)) < LookAgain)
        {
            return snapshot;
        }

        lock (_loading)
        {
            Interlocked.Exchange(ref _looked, time.GetTimestamp());
            var stamp = "";
            try
            {
                stamp = file.Stamp();
                if (stamp != snapshot.Stamp && stamp != _refused)
                {
                    _snapshot = Read();
                }
            }
            catch (HostStartupException e)
            {
                // Half-edited files must lock nobody out: what was read last still counts.
                _refused = stamp;
                LogUnreadable(logger, e.Code, e.Message, e.Remedy);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Nor must a shared folder that is away for a while.
                _refused = stamp;
                LogUnreadable(logger, "keys.away", e.Message, "See that the folder of the keys is there and can be read; until then the former keys count.");
            }

            return _snapshot!;
        }
    }

    private void Reload()
    {
        lock (_loading)
        {
            _snapshot = Read();
        }
    }

    private Snapshot Read()
    {
        // The stamp first: what changes while the files are read is read again.
        var stamp = file.Stamp();
        var host = file.ReadHostKeys();
        var own = _functions.ToDictionary(function => function, file.ReadFunctionKeys, StringComparer.OrdinalIgnoreCase);
        return new Snapshot(
            stamp,
            host,
            own,
            [
                .. own.SelectMany(pair => pair.Value.Select(key => new Known(Digest(key.Value), pair.Key, new MatchedKey(key.Name, KeyScope.Function)))),
                new Known(Digest(host.Master.Value), null, new MatchedKey(host.Master.Name, KeyScope.Master)),
                .. host.Functions.Select(key => new Known(Digest(key.Value), null, new MatchedKey(key.Name, KeyScope.Host))),
                .. host.System.Select(key => new Known(Digest(key.Value), null, new MatchedKey(key.Name, KeyScope.System))),
            ]);
    }

    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private sealed record Known(byte[] Digest, string? Function, MatchedKey Key);

    private sealed record Snapshot(string Stamp, HostKeys Host, IReadOnlyDictionary<string, IReadOnlyList<FunctionKey>> Functions, IReadOnlyList<Known> Known);

    [LoggerMessage(EventId = 5301, Level = LogLevel.Information, Message = "Access key '{Key}' of {Place} was {Change}")]
    private static partial void LogChanged(ILogger logger, string key, KeyPlace place, string change);

    [LoggerMessage(EventId = 5302, Level = LogLevel.Error, Message = "The changed access keys cannot be used, the former ones stay in force ({Code}): {Reason} {Remedy}")]
    private static partial void LogUnreadable(ILogger logger, string code, string reason, string remedy);
}
