using Microsoft.Win32.SafeHandles;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Secondary.Pipeline;
using SnapshotWorkflows.Secondary.Restore;

namespace SnapshotWorkflows.Secondary.Copies;

/// <summary>From a backup to a file, whatever format it has.</summary>
public static class CopyRestore
{
    /// <summary>The whole disk, sparsely; the file gets its name only when what lies on its disk has the manifest's root.</summary>
    /// <exception cref="SecondaryException"><c>store.exists</c>: something has that path already; <c>restore.root</c>, <c>chunks.damaged</c>, ...: the copy is damaged. No file is left then.</exception>
    public static async Task<RestoreReceipt> ToFileAsync(
        SecondaryDestination destination, SnapshotManifest manifest, string path, TimeProvider time, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        if (manifest.Format == SnapshotManifest.ChunksFormat)
        {
            // Held against the manifest before a byte is written.
            await using (await CopyDisk.OpenAsync(destination, manifest, time, cancellation))
            {
            }
            return await (await destination.OpenRepositoryAsync(time, cancellation)).RestoreToFileAsync(manifest.SnapshotId, path, readBack: true, progress, cancellation);
        }
        return await VhdRestore.RestoreToFileAsync(destination.Store, manifest, path, DiskHashOptions.Default, new Metered(new TransferMeter(progress, manifest.DiskBytes, time)), cancellation);
    }

    /// <summary>A range of the disk, as a file that begins with the range's first byte. Where the format can prove no part by itself (VHD) the whole copy is read and held against the manifest.</summary>
    /// <exception cref="SecondaryException">As above; <c>restore.range</c>: the range is empty or not within the disk.</exception>
    public static async Task<RestoreReceipt> RangeToFileAsync(
        SecondaryDestination destination, SnapshotManifest manifest, DiskExtent range, string path, TimeProvider time, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        if (range.Offset < 0 || range.Length <= 0 || range.Length > manifest.DiskBytes - range.Offset)
            throw new DiskContentException("restore.range", $"{range.Length} bytes at {range.Offset} are not within the disk's {manifest.DiskBytes} bytes.", "Ask for a range within the disk.");
        await using var copy = await CopyDisk.OpenAsync(destination, manifest, time, cancellation);
        using var target = RestoredFile.Open(path);
        RandomAccess.SetLength(target.Handle, range.Length);
        var meter = new TransferMeter(progress, copy.ChecksEveryRead ? range.Length : manifest.DiskBytes, time);
        var written = copy.ChecksEveryRead ? await WriteAsync(copy, range, target.Handle, meter, cancellation) : await WriteProvenAsync(copy, range, target.Handle, meter, cancellation);
        Libc.Sync(target.Handle);
        target.Publish();
        return new RestoreReceipt(range.Length, written, new DiskRoot(manifest.Root), null);
    }

    private static async Task<long> WriteAsync(CopyDisk copy, DiskExtent range, SafeFileHandle target, TransferMeter meter, CancellationToken cancellation)
    {
        var buffer = new byte[DiskRoot.GroupBytes];
        long written = 0;
        for (var offset = range.Offset; offset < range.End;)
        {
            // Up to the next boundary of a group: what is read once serves once.
            var count = (int)Math.Min(DiskRoot.GroupBytes - offset % DiskRoot.GroupBytes, range.End - offset);
            if (copy.MayHoldData(offset, count))
                written += Put(target, buffer.AsSpan(0, await copy.ReadAsync(offset, buffer.AsMemory(0, count), cancellation)), offset - range.Offset);
            offset += count;
            meter.Report(offset - range.Offset, written);
        }
        return written;
    }

    private static async Task<long> WriteProvenAsync(CopyDisk copy, DiskExtent range, SafeFileHandle target, TransferMeter meter, CancellationToken cancellation)
    {
        var buffer = new byte[DiskRoot.GroupBytes];
        long written = 0;
        await using var raw = copy.OpenRaw();
        while (raw.Position < raw.Length)
        {
            var offset = raw.Position;
            var count = await raw.ReadAtLeastAsync(buffer, (int)Math.Min(buffer.Length, raw.Length - offset), throwOnEndOfStream: true, cancellation);
            var (from, to) = (Math.Max(offset, range.Offset), Math.Min(offset + count, range.End));
            if (from < to)
                written += Put(target, buffer.AsSpan((int)(from - offset), (int)(to - from)), from - range.Offset);
            meter.Report(raw.Position, written);
        }
        return written;
    }

    private static int Put(SafeFileHandle target, ReadOnlySpan<byte> bytes, long offset)
    {
        if (!bytes.ContainsAnyExcept((byte)0))
            return 0;
        RandomAccess.Write(target, bytes, offset);
        return bytes.Length;
    }

    private sealed class Metered(TransferMeter meter) : IProgress<DiskProgress>
    {
        public void Report(DiskProgress value) => meter.Report(value.DoneBytes, value.DoneBytes);
    }
}
