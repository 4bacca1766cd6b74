namespace SnapshotWorkflows.Activities;

/// <summary>What a thing that we make is to its request: part of its name, its mark and its intent.</summary>
internal static class Roles
{
    public const string Snapshot = "snap";
    public const string Clone = "clone";
    public const string Access = "access";
    public const string AccessGroup = "access-group";
    public const string Resign = "resign";
    public const string Sr = "sr";
    public const string DestinationSr = "dst";
    public const string DestinationVdi = "copy";
    public const string CopyTask = "copy-task";

    /// <summary>The task of a disk's export, and of an import.</summary>
    public const string Export = "export";
    public const string Import = "import";
    public const string Folder = "folder";
    public const string Stream = "stream";
    public const string Manifest = "manifest";
    public const string Tombstone = "tombstone";
    public const string Freeze = "freeze";

    /// <summary>An array volume that a restore is making.</summary>
    public const string Volume = "volume";

    /// <summary>The same once it was handed over: a person's, and never ours to remove.</summary>
    public const string Restored = "restored";
    public const string Format = "format";

    /// <summary>The array's snapshot of all volumes of a VM.</summary>
    public const string Group = "group";
    public const string GroupManifest = "group-manifest";

    /// <summary>The array's snapshot of what a volume held before it was put back: the way back.</summary>
    public const string Saved = "saved";
    public const string Revert = "revert";
    public const string Write = "write";
}
