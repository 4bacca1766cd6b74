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
