namespace SnapshotWorkflows.Secondary;

/// <summary>The codes of <see cref="SecondaryStoreException"/>.</summary>
public static class StoreCodes
{
    /// <summary>The path must be a mount point and is none now: nothing was written.</summary>
    public const string NotMounted = "store.not-mounted";

    /// <summary>The configured path or container does not exist.</summary>
    public const string PathMissing = "store.path-missing";

    /// <summary>No space, over quota, or less free than the configured minimum.</summary>
    public const string Full = "store.full";

    /// <summary>The named object does not exist.</summary>
    public const string Missing = "store.missing";

    /// <summary>Something of that name exists and is in the way.</summary>
    public const string Exists = "store.exists";

    /// <summary>Rights are missing, or the file system is read-only.</summary>
    public const string Denied = "store.denied";

    /// <summary>The server behind the path does not answer, or the handle is stale.</summary>
    public const string Unavailable = "store.unavailable";

    /// <summary>Any other failure to read or write. Whether it is the object's or the store's, <see cref="SecondLook"/> tells.</summary>
    public const string Io = "store.io";

    /// <summary>This object cannot be read, and another one beside it can: a bad sector, as far as can be told from here.</summary>
    public const string Unreadable = "store.unreadable";

    /// <summary>The object was exchanged for another while it was read.</summary>
    public const string Changed = "store.changed";

    /// <summary>Parts that were staged are gone (too old, or another writer finished the object): staged again, it goes on.</summary>
    public const string StagedLost = "store.staged-lost";

    /// <summary>The name breaks the rules of <see cref="StoreName"/>.</summary>
    public const string BadName = "store.bad-name";

    /// <summary>A folder that was to be removed holds files that the caller did not name.</summary>
    public const string FolderNotEmpty = "store.folder-not-empty";

    /// <summary>The file system has neither hard links nor an exclusive rename, so an object cannot be created without the risk of overwriting one.</summary>
    public const string NoPutIfAbsent = "store.no-put-if-absent";

    /// <summary>No destination of that name is configured, or its settings are incomplete.</summary>
    public const string NoDestination = "store.no-destination";
}
