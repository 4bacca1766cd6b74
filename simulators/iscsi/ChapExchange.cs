using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.Iscsi;

/// <summary>CHAP between initiator and target, one-way or mutual (RFC 1994; RFC 7143, section 12.1.3).</summary>
internal sealed class ChapExchange(IIscsiArray array)
{
    // MD5 and SHA-1 are what initiators in the field offer; an array from 12.7 on takes SHA-256 too.
#pragma warning disable CA5350, CA5351
    private static readonly Dictionary<string, (string Name, Func<byte[], byte[]> Hash)> s_algorithms = new(StringComparer.Ordinal)
    {
        ["5"] = ("MD5", MD5.HashData), ["6"] = ("SHA1", SHA1.HashData), ["7"] = ("SHA-256", SHA256.HashData),
    };
#pragma warning restore CA5350, CA5351

    private readonly byte[] _challenge = RandomNumberGenerator.GetBytes(16);
    private readonly byte _identifier = RandomNumberGenerator.GetBytes(1)[0];
    private string? _algorithm;

    /// <summary>The account that the initiator proved to be; null before, and after a failure.</summary>
    public string? Username { get; private set; }

    /// <summary>As the array's API spells it; null before one was chosen.</summary>
    public string? AlgorithmName => _algorithm is null ? null : s_algorithms[_algorithm].Name;

    /// <summary>Whether the target proved itself too.</summary>
    public bool IsMutual { get; private set; }

    /// <summary>Answers the keys of one step; null when the initiator failed.</summary>
    public List<KeyValuePair<string, string>>? Answer(IReadOnlyDictionary<string, string> keys)
    {
        if (keys.TryGetValue("CHAP_A", out var offered))
        {
            _algorithm = offered.Split(',').FirstOrDefault(s_algorithms.ContainsKey);
            return _algorithm is null ? null :
            [
                new("CHAP_A", _algorithm),
                new("CHAP_I", _identifier.ToString(CultureInfo.InvariantCulture)),
                new("CHAP_C", $"0x{Convert.ToHexStringLower(_challenge)}"),
            ];
        }

        if (_algorithm is null || !keys.TryGetValue("CHAP_N", out var name) || !keys.TryGetValue("CHAP_R", out var response))
        {
            return null;
        }

        var credentials = array.FindChap(name);
        var expected = Response(_identifier, credentials?.InitiatorSecret ?? "", _challenge);
        if (credentials is null || TextKeys.Binary(response) is not { } given || !CryptographicOperations.FixedTimeEquals(expected, given))
        {
            return null;
        }

        Username = credentials.Username;
        if (!keys.TryGetValue("CHAP_I", out var identifier) || !keys.TryGetValue("CHAP_C", out var challenge))
        {
            return [];
        }

        // An initiator that sends our own challenge back would have us answer it for him (RFC 7143, section 9.2.1).
        IsMutual = true;
        return byte.TryParse(identifier, NumberStyles.None, CultureInfo.InvariantCulture, out var theirs) && TextKeys.Binary(challenge) is { } asked && !asked.AsSpan().SequenceEqual(_challenge)
            ? [new("CHAP_N", name), new("CHAP_R", $"0x{Convert.ToHexStringLower(Response(theirs, credentials.TargetSecret, asked))}")]
            : null;
    }

    private byte[] Response(byte identifier, string secret, byte[] challenge) => s_algorithms[_algorithm!].Hash([identifier, .. Encoding.UTF8.GetBytes(secret), .. challenge]);
}
