using Microsoft.Win32.SafeHandles;
using SnapshotWorkflows.Secondary.Nfs;

namespace SnapshotWorkflows.Secondary.Restore;

/// <summary>
/// A file in the making: <c>.partial</c> beside its path, locked for as long as it is open, so that a second restore to the same path stops and does not touch the first one's. It gets its name by <see cref="Publish"/>, if
/// nothing has that name by then.
/// </summary>
internal sealed class RestoredFile : IDisposable
{
    private readonly string _path;

    private RestoredFile(string path, SafeFileHandle handle) => (_path, Handle) = (path, handle);

    public SafeFileHandle Handle { get; }

    public string Partial => PartialOf(_path);

    /// <summary>Opens it, empty. What an earlier restore that died left under that name is used again, unless it bears another name too.</summary>
    /// <exception cref="SecondaryStoreException"><c>store.exists</c>: something has that path already.</exception>
    /// <exception cref="IOException">Another restore is writing there.</exception>
    public static RestoredFile Open(string path)
    {
        if (Path.Exists(path))
            throw Taken();
        var partial = PartialOf(path);
        // Not truncated by the opening: whose file it is shows only under the lock.
        var file = File.OpenHandle(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            if (Libc.Find(file) is var own && own.Links == 1 && own.IsSameAs(Libc.Find(partial)))
            {
                RandomAccess.SetLength(file, 0);
                return new RestoredFile(path, file);
            }
            // A restore was killed between giving the file its name and taking this one away, and the disk is in use under a third by now. Or one has ended since this was opened.
            if (own.IsSameAs(Libc.Find(partial)))
                File.Delete(partial);
            var fresh = File.OpenHandle(partial, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            file.Dispose();
            return new RestoredFile(path, fresh);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What the file holds now, from its disk as far as the system can see to that.</summary>
    public FileDisk ReadBack()
    {
        Libc.DropCache(Handle, 0, 0);
        return new FileDisk(Libc.Open(Partial, Libc.ReadOnly), pastCache: true);
    }

    /// <summary>Gives the file its name, durably. Its content is synced already.</summary>
    /// <exception cref="SecondaryStoreException"><c>store.exists</c>.</exception>
    public void Publish()
    {
        var error = Libc.Link(Handle, Partial, _path);
        if (error is Libc.Eperm or Libc.Eopnotsupp or Libc.Enosys)
            error = Libc.RenameExclusive(Partial, _path);
        if (error != 0)
            throw error == Libc.Eexist ? Taken() : Libc.Failure(error);
        Libc.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(_path))!);
    }

    /// <summary>Takes the partial's name away: the file is durable under its own by now, or worthless. Before the lock goes, so that nobody opens it in between.</summary>
    public void Dispose()
    {
        File.Delete(Partial);
        Handle.Dispose();
    }

    private static string PartialOf(string path) => path + StoreName.UnfinishedSuffix;

    private static SecondaryStoreException Taken() => new(StoreCodes.Exists, "The file to restore to exists already.", "Choose a path where nothing is: a restore never overwrites.");
}
