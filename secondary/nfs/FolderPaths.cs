namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>Where a store's names lie, and whether what they lie on is there.</summary>
internal sealed class FolderPaths(FolderStoreOptions options, string mountTable)
{
    private const string ProbeLeaf = "probe";

    public string Root { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Path));

    public string Of(string name) => name.Length == 0 ? Root : Path.Combine(Root, name);

    public static string Parent(string path) => Path.GetDirectoryName(path)!;

    /// <summary>A name that no <see cref="StoreName"/> can be, so that a listing never shows it.</summary>
    public static string Partial(string path) => Path.Combine(Parent(path), $".{Path.GetFileName(path)}.{Guid.NewGuid():n}{StoreName.UnfinishedSuffix}");

    /// <summary>The unfinished file of a session, and the journal of its parts: the same in every life.</summary>
    public static string Staged(string path, string session) => SessionFile(path, session, ".staged");

    public static string StagedJournal(string path, string session) => SessionFile(path, session, ".parts");

    /// <summary>Whether a file's name is that of a session of this very object, and not of one whose name goes on where this one ends.</summary>
    public static bool IsSessionOf(string file, string leaf)
    {
        if (!IsPartial(file) || !file.AsSpan(1).StartsWith(leaf + "."))
            return false;
        var rest = file[(leaf.Length + 2)..^StoreName.UnfinishedSuffix.Length];
        return rest.Split('.') is [_, "staged" or "parts"];
    }

    /// <summary>The file of a check, in the root.</summary>
    public string Probe() => Partial(Of(ProbeLeaf));

    public static bool IsProbe(string leaf) => leaf.Split('.') is ["", ProbeLeaf, var id, "partial"] && Guid.TryParseExact(id, "n", out _);

    private static string SessionFile(string path, string session, string kind) =>
        Path.Combine(Parent(path), $".{Path.GetFileName(path)}.{session}{kind}{StoreName.UnfinishedSuffix}");

    public static bool IsPartial(string leaf) => leaf.StartsWith('.') && leaf.EndsWith(StoreName.UnfinishedSuffix, StringComparison.Ordinal);

    /// <summary>The mount that the path is, or null where none is asked for.</summary>
    /// <exception cref="SecondaryStoreException"><c>store.path-missing</c>, <c>store.not-mounted</c>; <c>store.unavailable</c> or <c>store.io</c> where that cannot be told.</exception>
    public Mount? EnsureThere()
    {
        // Touching the path first lets an automounter do its work.
        if (RootStat() is not { IsFolder: true })
        {
            throw new SecondaryStoreException(StoreCodes.PathMissing, $"The folder of destination '{options.Name}' does not exist.",
                $"Create the folder '{Root}' and mount the export on it.");
        }
        if (!options.RequireMount)
            return null;
        return MountTable.Find(mountTable, Root) ?? throw new SecondaryStoreException(StoreCodes.NotMounted,
            $"Nothing is mounted at the folder of destination '{options.Name}'; nothing was read or written.",
            $"Mount the export on '{Root}' (the path in the settings must be the mount point itself), or set RequireMount to false for a plain folder.");
    }

    // A server that does not answer is no missing folder.
    private FileStat? RootStat()
    {
        try
        {
            return Libc.Find(Root);
        }
        catch (IOException e)
        {
            throw FolderErrors.Map(e, options.Name, "Looking at the folder");
        }
    }

    /// <summary>Throws where the path is another mount than it was: what was done in between may have gone elsewhere.</summary>
    public void EnsureStill(Mount? before)
    {
        var now = EnsureThere();
        if (now?.Id != before?.Id || now?.Device != before?.Device)
        {
            throw new SecondaryStoreException(StoreCodes.NotMounted, $"The mount of destination '{options.Name}' was exchanged meanwhile.",
                "Let the mount settle and repeat.");
        }
    }

    public long FreeBytes() => new DriveInfo(Root).AvailableFreeSpace;

    public void EnsureSpace()
    {
        var free = FreeBytes();
        if (free < options.MinimumFreeBytes)
        {
            throw new SecondaryStoreException(StoreCodes.Full,
                $"Destination '{options.Name}' has {free} bytes free, less than the {options.MinimumFreeBytes} that are to stay free.",
                "Free space on the export, choose another destination, or lower MinimumFreeBytes.");
        }
    }
}
