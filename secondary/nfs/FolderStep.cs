namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>The effects of a write, in order. Tests are told before each and may let the writer die or the disk be full there.</summary>
internal enum FolderStep
{
    MakeFolder,
    CreatePartial,
    WritePartial,
    SyncPartial,
    Publish,
    RemovePartial,
    SyncFolder,
    Delete,
    Done,
}
