using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>
/// A store in a mounted folder. An object is written to a hidden <c>.partial</c> file beside its place, synced, given its name by a hard link (which fails where the name is taken, on NFS too),
/// and the folder is synced: at no moment does a reader see half an object, and no writer can overwrite another's.
/// </summary>
/// <remarks>
/// The calls are synchronous system calls; methods complete before they return. Every call looks at the mount first (where one is required), and a write looks again before its object
/// gets its name, so that neither a write nor a "gone" or "nothing there" comes from the empty folder below a lost mount.
/// A reader opened for <see cref="ReadPurpose.Verification"/> first has dirty pages written out and then the file's pages dropped (posix_fadvise DONTNEED), and again behind each
/// read: on NFS the bytes then come from the server. The kernel takes it as advice; pages that another process maps may stay.
/// </remarks>
public sealed partial class FolderStore : ISecondaryStore, IStagedObjects, IHypervisorFolders
{
    private const int BufferBytes = 1 << 20;

    // Below that the page cache is the better way.
    private const int DirectBytesMin = 1 << 20;

    private readonly FolderStoreOptions _options;
    private readonly FolderPaths _paths;

    public FolderStore(FolderStoreOptions options)
        : this(options, MountTable.SystemFile)
    {
    }

    internal FolderStore(FolderStoreOptions options, string mountTable)
    {
        if (!Path.IsPathRooted(options.Path))
        {
            throw new SecondaryStoreException(StoreCodes.PathMissing, $"The path of destination '{options.Name}' is not absolute.",
                "Give the absolute path of the mount point.");
        }
        _options = options;
        _paths = new FolderPaths(options, mountTable);
    }

    public string Name => _options.Name;

    /// <summary>Called before each effect of a write, with the object's name.</summary>
    internal Action<FolderStep, string>? Before { get; init; }

    // What fits into memory may use the reserve: a manifest must not fail for want of space after its data got in.
    public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        PutAsync(name, new MemoryStream(content.ToArray(), writable: false), keepReserve: false, cancellation);

    public Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation) => PutAsync(name, content, keepReserve: true, cancellation);

    private async Task<PutOutcome> PutAsync(string name, Stream content, bool keepReserve, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        cancellation.ThrowIfCancellationRequested();
        var path = _paths.Of(name);
        var mount = _paths.EnsureThere();
        try
        {
            if (Look(path, name) is not null)
                return Found(name, path);
            if (keepReserve)
                _paths.EnsureSpace();
            var partial = FolderPaths.Partial(path);
            try
            {
                await WritePartialAsync(partial, name, content, cancellation);
                _paths.EnsureStill(mount);
                return Publish(partial, path, name);
            }
            finally
            {
                // Best effort: what is left is invisible, and SweepUnfinishedAsync finds it.
                Before?.Invoke(FolderStep.RemovePartial, name);
                Libc.Unlink(partial);
            }
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, Name, $"Writing '{name}'");
        }
    }

    public Task<StoreObject?> FindAsync(string name, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        cancellation.ThrowIfCancellationRequested();
        var mount = _paths.EnsureThere();
        try
        {
            var found = Look(_paths.Of(name), name) is { IsFolder: false } file ? Describe(name, file) : null;
            _paths.EnsureStill(mount);
            return Task.FromResult(found);
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, Name, $"Looking for '{name}'");
        }
    }

    public Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        cancellation.ThrowIfCancellationRequested();
        var mount = _paths.EnsureThere();
        var path = _paths.Of(name);
        try
        {
            if (Look(path, name) is not { IsFolder: false })
            {
                // Nothing there is true only of the mount: the folder below a lost one is empty.
                _paths.EnsureStill(mount);
                throw new SecondaryStoreException(StoreCodes.Missing, $"'{name}' is not on '{Name}'.",
                    "Look at the destination and at the name in the manifest; it may have been deleted.");
            }
            return Task.FromResult<IStoreReader>(new FolderReader(Libc.Open(path, Libc.ReadOnly), Name, name, purpose));
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            _paths.EnsureStill(mount);
            throw FolderErrors.Map(e, Name, $"Opening '{name}'");
        }
    }

    public Task DeleteAsync(string name, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        cancellation.ThrowIfCancellationRequested();
        var mount = _paths.EnsureThere();
        var path = _paths.Of(name);
        try
        {
            Before?.Invoke(FolderStep.Delete, name);
            var error = Libc.Unlink(path);
            if (error is not (0 or Libc.Enoent or Libc.Enotdir))
                throw Libc.Failure(error);
            _paths.EnsureStill(mount);
            if (error == 0)
            {
                SyncFolder(FolderPaths.Parent(path), name);
                RemoveEmptyParents(path, name);
            }
            return Task.CompletedTask;
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, Name, $"Deleting '{name}'");
        }
    }

    private async Task WritePartialAsync(string partial, string name, Stream content, CancellationToken cancellation)
    {
        using var file = CreateInFolder(FolderPaths.Parent(partial), name, () => Libc.Open(partial, Libc.WriteOnly | Libc.Create | Libc.Exclusive));
        if (content is MemoryStream memory && memory.TryGetBuffer(out var bytes) && bytes.Count >= DirectBytesMin)
            WriteAll(file, partial, name, bytes.AsSpan((int)memory.Position));
        else
            await WriteAllAsync(file, name, content, cancellation);
        Before?.Invoke(FolderStep.SyncPartial, name);
        Libc.Sync(file);
    }

    // A pack: it lies in memory as a whole, and is written from there.
    private void WriteAll(SafeFileHandle file, string partial, string name, ReadOnlySpan<byte> bytes)
    {
        using var direct = new DirectFile(file, partial);
        Before?.Invoke(FolderStep.WritePartial, name);
        direct.Write(bytes, 0);
    }

    private async Task WriteAllAsync(SafeFileHandle file, string name, Stream content, CancellationToken cancellation)
    {
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long offset = 0;
            while (true)
            {
                var read = await content.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellation);
                if (read == 0)
                    break;
                Before?.Invoke(FolderStep.WritePartial, name);
                RandomAccess.Write(file, buffer.AsSpan(0, read), offset);
                offset += read;
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <param name="staged">Given, it is the open file that gets the name, and not what lies under the partial's path by then, which may be another's and half written.</param>
    private PutOutcome Publish(string partial, string path, string name, SafeFileHandle? staged = null)
    {
        Before?.Invoke(FolderStep.Publish, name);
        var error = staged is null ? Libc.Link(partial, path) : Libc.Link(staged, partial, path);
        if (staged is not null && error is (Libc.Enoent or Libc.Estale or Libc.Exdev))
            return FoundOrLost(name, path);
        if (error is Libc.Eperm or Libc.Eopnotsupp or Libc.Enosys or Libc.Emlink)
        {
            // No hard links here (some SMB and FUSE mounts): an exclusive rename does the same in one call.
            error = Libc.RenameExclusive(partial, path);
            if (error is Libc.Einval or Libc.Enosys or Libc.Eopnotsupp)
            {
                throw new SecondaryStoreException(StoreCodes.NoPutIfAbsent, $"The file system of '{Name}' has neither hard links nor an exclusive rename.",
                    "Use NFS or a local file system: without either of the two an object could overwrite another.");
            }
        }
        // NFS repeats a call whose answer was lost and then hears EEXIST of its own link: then the object is our very file.
        if (error == Libc.Eexist && Libc.Find(partial) is var own && own?.IsSameAs(Libc.Find(path)) != true)
            return Found(name, path);
        if (error is not (0 or Libc.Eexist))
            throw Libc.Failure(error);
        SyncFolder(FolderPaths.Parent(path), name);
        return PutOutcome.Created;
    }

    private PutOutcome Found(string name, string path)
    {
        if (Look(path, name) is { IsFolder: true })
        {
            throw new SecondaryStoreException(StoreCodes.Exists, $"'{name}' is a folder on '{Name}'.",
                "Choose another name, or look at who made the folder.");
        }
        // Who finds the object may rely on it as on one of his own: its name must be durable, whatever became of its writer.
        SyncFolder(FolderPaths.Parent(path), name);
        return PutOutcome.AlreadyExists;
    }

    private void SyncFolder(string folder, string name)
    {
        Before?.Invoke(FolderStep.SyncFolder, name);
        SyncNearest(folder);
        Before?.Invoke(FolderStep.Done, name);
    }

    /// <summary>What is at the path. "Nothing" is the system's own word: an error is one here too, for a listing without a folder, or a text taken for gone, would have a collection delete what is needed.</summary>
    private FileStat? Look(string path, string name, bool followLink = true)
    {
        Before?.Invoke(FolderStep.Look, name);
        return Libc.Find(path, followLink);
    }

    private bool IsFolder(string path, string name) => Look(path, name) is { IsFolder: true };

    private static StoreObject Describe(string name, FileStat file) =>
        new(name, file.Length, $"{file.Length:x}-{file.ModifiedUtc.Ticks:x}", new DateTimeOffset(file.ModifiedUtc));
}
