namespace SnapshotWorkflows.Secondary;

/// <summary>Folders that a hypervisor mounts and writes into itself. Only stores behind a mounted path have them.</summary>
public interface IHypervisorFolders
{
    /// <summary>Makes the folder and its parents, durably. There already is success.</summary>
    Task EnsureFolderAsync(string name, CancellationToken cancellation);

    /// <summary>
    /// Removes the folder, if all it holds are files that the caller names. Gone already is success. Nothing is removed where anything else is found in it.
    /// </summary>
    /// <param name="name">The folder.</param>
    /// <param name="files">Names relative to the folder, exactly as they lie in it; those that are absent do no harm. Subfolders are removed when empty.</param>
    /// <param name="cancellation">Looked at between files.</param>
    /// <exception cref="SecondaryStoreException"><c>store.folder-not-empty</c>, with some of the names that are in the way.</exception>
    Task RemoveFolderAsync(string name, IReadOnlyCollection<string> files, CancellationToken cancellation);

    /// <summary>Every file below the folder, hidden and oddly named ones too, by name relative to the folder; empty where there is no such folder.</summary>
    Task<IReadOnlyList<string>> FilesInFolderAsync(string name, CancellationToken cancellation);
}
