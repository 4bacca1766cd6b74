using SnapshotWorkflows.Secondary.Blobs;

namespace SnapshotWorkflows.Secondary.Destinations;

/// <summary>Two destinations in one place: a rebuild of the catalog would find each copy twice, and put it down to the one that is named last.</summary>
public static class DestinationPlaces
{
    /// <param name="state">The service's own folder, absolute.</param>
    /// <returns>Clauses that name the destinations; empty: each has a place of its own. Links are not followed: a store that hangs must not hold up the start.</returns>
    public static IReadOnlyList<string> Faults(SecondaryOptions options, string state)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = new List<string>();
        var folders = options.Destinations.Where(one => one.Kind == SecondaryDestinationOptions.NfsKind && Path.IsPathRooted(one.Path)).Select(one => (one.Name, Place: Folder(one.Path))).ToList();
        var containers = options.Destinations.Where(one => one.Kind == SecondaryDestinationOptions.BlobKind)
            .Select(one => (one.Name, Place: BlobContainers.Address(SecondaryDestinations.BlobOptions(one))?.AbsoluteUri.TrimEnd('/'))).Where(one => one.Place is not null).ToList();
        foreach (var (name, place) in folders.Where(one => Overlap(one.Place, Folder(state))))
            faults.Add($"destination '{name}' has a Path within SnapshotWorkflows:StatePath, or around it");
        foreach (var (one, other) in Pairs(folders).Where(pair => Overlap(pair.One.Place, pair.Other.Place)))
            faults.Add($"destinations '{one.Name}' and '{other.Name}' have the same Path, or one within the other's");
        foreach (var (one, other) in Pairs(containers).Where(pair => string.Equals(pair.One.Place, pair.Other.Place, StringComparison.OrdinalIgnoreCase)))
            faults.Add($"destinations '{one.Name}' and '{other.Name}' have the same container");
        return faults;
    }

    private static IEnumerable<(T One, T Other)> Pairs<T>(List<T> all) => all.SelectMany((one, index) => all.Skip(index + 1).Select(other => (one, other)));

    // With its end, so that /mnt/ab is not within /mnt/a.
    private static string Folder(string path) => Path.GetFullPath(path).TrimEnd('/') + "/";

    private static bool Overlap(string one, string other) => one.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(one, StringComparison.Ordinal);
}
