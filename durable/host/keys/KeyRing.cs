using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Durable.Host.Keys;

/// <summary>Answers which of our keys a presented one is, in a time that does not depend on how much of it is right.</summary>
internal sealed class KeyRing(KeyFile file)
{
    private readonly ConcurrentDictionary<string, IReadOnlyList<FunctionKey>> _functionKeys = new(StringComparer.OrdinalIgnoreCase);

    private HostKeys? _hostKeys;

    private HostKeys Keys => _hostKeys ?? throw new InvalidOperationException("The keys have not been loaded.");

    /// <summary>The value that management URIs carry: whoever gets it can steer every instance.</summary>
    public string DurableTaskSystemKey => Keys.System.First(key => key.Name == KeyFile.DurableTaskSystemKey).Value;

    /// <summary>Reads every key, so that a bad file stops the start and not a request.</summary>
    public void Load(IEnumerable<string> functions)
    {
        _hostKeys = file.EnsureHostKeys();
        foreach (var function in functions)
        {
            _functionKeys[function] = file.ReadFunctionKeys(function);
        }
    }

    /// <param name="presented">The key as sent.</param>
    /// <param name="function">The function asked for; null where function keys open nothing.</param>
    public MatchedKey? Match(string presented, string? function)
    {
        var digest = Digest(presented);
        MatchedKey? matched = null;

        // Every key is compared, and digests of one length are compared, so that neither order nor length shows.
        void Compare(FunctionKey key, KeyScope scope)
        {
            if (CryptographicOperations.FixedTimeEquals(digest, Digest(key.Value)))
            {
                matched ??= new MatchedKey(key.Name, scope);
            }
        }

        if (function is not null && _functionKeys.TryGetValue(function, out var own))
        {
            foreach (var key in own)
            {
                Compare(key, KeyScope.Function);
            }
        }

        Compare(Keys.Master, KeyScope.Master);
        foreach (var key in Keys.Functions)
        {
            Compare(key, KeyScope.Host);
        }

        foreach (var key in Keys.System)
        {
            Compare(key, KeyScope.System);
        }

        return matched;
    }

    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
