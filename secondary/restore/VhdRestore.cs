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
        // Read once, and by nobody else: past the page cache where the store can do that.
        await using var source = await store.OpenAsync(manifest.Location, ReadPurpose.Verification, cancellation);
        var disk = await VhdReader.OpenAsync(source, cancellation);
        if (disk.DiskBytes != manifest.DiskBytes)
        {
            throw new DiskContentException("restore.size", $"The VHD's disk has {disk.DiskBytes} bytes, the manifest says {manifest.DiskBytes}.",
                "The data is not what the manifest stands for: take another copy.");
        }
        using var target = RestoredFile.Open(path);
        var written = await WriteAsync(disk, target.Handle, target.Partial, progress, cancellation);
        var digest = await ReadBackAsync(target, options, cancellation);
        if (digest.Root.Hex != manifest.Root)
        {
            throw new DiskContentException("restore.root", $"The restored disk's root is {digest.Root}, the manifest's is {manifest.Root}.",
                "The copy is damaged: verify it, and restore from another one.");
        }
        target.Publish();
        return new RestoreReceipt(disk.DiskBytes, written, digest.Root, digest.Sha256);
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

    private static async Task<DiskDigest> ReadBackAsync(RestoredFile target, DiskHashOptions options, CancellationToken cancellation)
    {
        using var disk = target.ReadBack();
        return await DiskHasher.ComputeAsync(disk, options, null, cancellation);
    }
}
