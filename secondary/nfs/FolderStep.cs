namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>The effects of a write, in order, and each look at what is there. Tests are told before each and may let the writer die, or the system refuse.</summary>
internal enum FolderStep
{
    Look,
    MakeFolder,
    CreatePartial,
    WritePartial,
    SyncPartial,
    Publish,
    RemovePartial,
    SyncFolder,
    Delete,
    RemoveFolder,
    Done,
}
