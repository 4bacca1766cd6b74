using Microsoft.Win32.SafeHandles;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Secondary.Vhd;

namespace SnapshotWorkflows.Secondary.Restore;

/// <summary>What a restore wrote.</summary>
/// <param name="WrittenBytes">Bytes written; the rest of the disk are holes.</param>
public sealed record RestoreReceipt(long DiskBytes, long WrittenBytes, DiskRoot Root, string? Sha256);

/// <summary>From a manifest to a raw disk in a file.</summary>
public static class VhdRestore
{
    /// <summary>
    /// Writes the disk sparsely to a <c>.partial</c> beside the path, syncs it, reads it back from the disk and compares its root with the manifest's; only then the file gets its name.
    /// </summary>
    /// <exception cref="SecondaryStoreException"><c>store.exists</c>: something has that path already.</exception>
    /// <exception cref="DiskContentException"><c>restore.root</c>: the bytes are not those that the manifest stands for; no file is left.</exception>
    public static async Task<RestoreReceipt> RestoreToFileAsync(
        ISecondaryStore store, SnapshotManifest manifest, string path, DiskHashOptions options, IProgress<DiskProgress>? progress, CancellationToken cancellation)
    {
        if (Path.Exists(path))
            throw Taken();
        var partial = path + StoreName.UnfinishedSuffix;
        // Read once, and by nobody else: past the page cache where the store can do that.
        await using var source = await store.OpenAsync(manifest.Location, ReadPurpose.Verification, cancellation);
        var disk = await VhdReader.OpenAsync(source, cancellation);
        if (disk.DiskBytes != manifest.DiskBytes)
        {
            throw new DiskContentException("restore.size", $"The VHD's disk has {disk.DiskBytes} bytes, the manifest says {manifest.DiskBytes}.",
                "The data is not what the manifest stands for: take another copy.");
        }
        // Locked for as long as it is open: a second restore to the same path stops here and does not touch the first one's file.
        var target = File.OpenHandle(partial, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        try
        {
            long written;
            DiskDigest digest;
            using (target)
            {
                written = await WriteAsync(disk, target, partial, progress, cancellation);
                digest = await ReadBackAsync(target, options, cancellation);
            }
            if (digest.Root.Hex != manifest.Root)
            {
                throw new DiskContentException("restore.root", $"The restored disk's root is {digest.Root}, the manifest's is {manifest.Root}.",
                    "The copy is damaged: verify it, and restore from another one.");
            }
            var error = Libc.Link(partial, path);
            if (error is Libc.Eperm or Libc.Eopnotsupp or Libc.Enosys)
                error = Libc.RenameExclusive(partial, path);
            if (error != 0)
                throw error == Libc.Eexist ? Taken() : Libc.Failure(error);
            Libc.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return new RestoreReceipt(disk.DiskBytes, written, digest.Root, digest.Sha256);
        }
        finally
        {
            // Durable under its own name by now, or worthless.
            File.Delete(partial);
        }
    }

    // Leaves of zeros are skipped: the file was empty, so they are holes.
    private static async Task<long> WriteAsync(VhdReader disk, SafeFileHandle target, string partial, IProgress<DiskProgress>? progress, CancellationToken cancellation)
    {
        RandomAccess.SetLength(target, disk.DiskBytes);
        using var direct = new DirectFile(target, partial);
        using var aligned = new AlignedBuffer(DiskRoot.GroupBytes);
        var buffer = aligned.Memory;
        long written = 0;
        for (long offset = 0; offset < disk.DiskBytes; offset += buffer.Length)
        {
            if (!disk.MayHoldData(offset, buffer.Length))
                continue;
            var read = await disk.ReadAsync(offset, buffer, cancellation);
            for (var at = 0; at < read;)
            {
                var start = at;
                while (at < read && !IsZero(buffer, at, read))
                    at = Math.Min(read, at + DiskRoot.LeafBytes);
                if (at > start)
                {
                    direct.Write(buffer.Span[start..at], offset + start);
                    written += at - start;
                }
                while (at < read && IsZero(buffer, at, read))
                    at = Math.Min(read, at + DiskRoot.LeafBytes);
            }
            progress?.Report(new DiskProgress(offset + read, disk.DiskBytes));
        }
        Libc.Sync(target);
        return written;
    }

    private static bool IsZero(Memory<byte> buffer, int at, int end) => !buffer.Span.Slice(at, Math.Min(DiskRoot.LeafBytes, end - at)).ContainsAnyExcept((byte)0);

    private static async Task<DiskDigest> ReadBackAsync(SafeFileHandle target, DiskHashOptions options, CancellationToken cancellation)
    {
        Libc.DropCache(target, 0, 0);
        using var disk = new FileDisk(target, pastCache: true);
        return await DiskHasher.ComputeAsync(disk, options, null, cancellation);
    }

    private static SecondaryStoreException Taken() =>
        new(StoreCodes.Exists, "The file to restore to exists already.", "Choose a path where nothing is: a restore never overwrites.");
}
