using SnapshotWorkflows.Secondary.Nfs;

namespace SnapshotWorkflows.Secondary.Destinations;

/// <summary>A configured destination and its store.</summary>
public sealed record SecondaryDestination(SecondaryDestinationOptions Options, ISecondaryStore Store)
{
    public string Name => Options.Name;

    /// <summary>What hypervisors write into; null where the kind of store has no folders.</summary>
    public IHypervisorFolders? Folders => Store as IHypervisorFolders;

    /// <summary>The path for an NFS SR, for a folder of the store: export and name.</summary>
    public string ExportedPath(string folder)
    {
        StoreName.Validate(folder);
        return $"{Options.Export.TrimEnd('/')}/{folder}";
    }
}

/// <summary>The configured destinations by name.</summary>
public sealed class SecondaryDestinations
{
    private readonly Dictionary<string, SecondaryDestination> _byName = new(StringComparer.Ordinal);
    private readonly string? _default;

    /// <exception cref="SecondaryStoreException"><c>store.no-destination</c>: settings that cannot work, all of them in one message.</exception>
    /// <param name="open">Opens the store of a destination; null opens what its Kind says. A place for decorators.</param>
    public SecondaryDestinations(SecondaryOptions options, Func<SecondaryDestinationOptions, ISecondaryStore>? open = null)
    {
        open ??= Open;
        var faults = new List<string>();
        foreach (var one in options.Destinations)
        {
            var before = faults.Count;
            Check(one, faults);
            if (faults.Count == before && !_byName.TryAdd(one.Name, new SecondaryDestination(one, open(one))))
                faults.Add($"two destinations are named '{one.Name}'");
        }
        _default = options.DefaultDestination ?? (options.Destinations.Count == 1 ? options.Destinations[0].Name : null);
        if (_default is not null && faults.Count == 0 && !_byName.ContainsKey(_default))
            faults.Add($"DefaultDestination '{_default}' is none of the destinations");
        if (faults.Count > 0)
        {
            throw new SecondaryStoreException(StoreCodes.NoDestination, $"The settings under Secondary cannot work: {string.Join("; ", faults)}.",
                "Correct Secondary:Destinations and Secondary:DefaultDestination.");
        }
    }

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
        if (one.Kind != "nfs")
            faults.Add($"{label} has the Kind '{one.Kind}', known is nfs");
        if (!Path.IsPathRooted(one.Path))
            faults.Add($"{label} has no absolute Path");
        if (one.Server.Length == 0 || !one.Export.StartsWith('/'))
            faults.Add($"{label} lacks Server or an absolute Export, by which hypervisors mount it");
        if (one.MinimumFreeBytes < 0)
            faults.Add($"{label} has a negative MinimumFreeBytes");
    }

    private static FolderStore Open(SecondaryDestinationOptions one) => new(new FolderStoreOptions
    {
        Name = one.Name,
        Path = one.Path,
        RequireMount = one.RequireMount,
        MinimumFreeBytes = one.MinimumFreeBytes,
    });
}
