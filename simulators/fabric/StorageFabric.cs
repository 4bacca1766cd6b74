using System.Collections.Concurrent;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>An array as initiators meet it behind one portal.</summary>
public interface IStorageArray
{
    /// <summary>Targets that this initiator may see.</summary>
    IReadOnlyList<string> Discover(string initiatorIqn);

    /// <summary>Logs in; null when the target does not exist or this initiator has no access to it.</summary>
    ILunSession? Login(string initiatorIqn, string targetIqn);
}

/// <summary>The secrets of a CHAP account: the initiator proves the first; the target proves the second when it is asked to.</summary>
public sealed record ChapCredentials(string Username, string InitiatorSecret, string TargetSecret);

/// <summary>Who logs in to which target.</summary>
/// <param name="ChapUsername">The account that the initiator has proved to be; null without CHAP.</param>
/// <param name="Address">Where the initiator came from, as ListISCSISessions shows it; null for a host inside the world.</param>
/// <param name="ChapAlgorithm">As ListISCSISessions spells it: MD5, SHA1 or SHA-256.</param>
/// <param name="ChapMutual">Whether the target proved itself too.</param>
public sealed record InitiatorLogin(
    string InitiatorName, string TargetName, string? ChapUsername = null, string? Address = null, string ChapAlgorithm = "MD5", bool ChapMutual = false);

/// <summary>An array as an iSCSI portal on a real network meets it: with CHAP accounts beside the access groups.</summary>
public interface IIscsiArray : IStorageArray
{
    /// <summary>The secrets of a CHAP account; null when no such account may log in.</summary>
    ChapCredentials? FindChap(string username);

    /// <summary>Targets that this initiator, proved to be this account, may see.</summary>
    IReadOnlyList<string> Discover(string initiatorIqn, string? chapUsername);

    /// <summary>Logs in; null when the target does not exist or is not for this initiator.</summary>
    ILunSession? Login(InitiatorLogin login);
}

/// <summary>The storage network of a world: arrays by portal (<c>address:3260</c>; the port may be left out).</summary>
public sealed class StorageFabric : IStorageFabric
{
    private readonly ConcurrentDictionary<string, IStorageArray> arrays = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Puts an array behind a portal.</summary>
    public void Register(string portal, IStorageArray array)
    {
        if (!arrays.TryAdd(Normalize(portal), array))
        {
            throw new InvalidOperationException($"Portal {portal} is taken by another array; give each array its own portal.");
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Discover(string portal, string initiatorIqn) =>
        arrays.TryGetValue(Normalize(portal), out var array) ? array.Discover(initiatorIqn) : [];

    /// <inheritdoc />
    public ILunSession? Login(string portal, string initiatorIqn, string targetIqn) =>
        arrays.TryGetValue(Normalize(portal), out var array) ? array.Login(initiatorIqn, targetIqn) : null;

    private static string Normalize(string portal) => portal.Contains(':') ? portal : $"{portal}:3260";
}
