using System.Runtime.CompilerServices;

namespace SnapshotWorkflows.Secondary.DiskRoots;

public sealed record DiskHashOptions
{
    public static readonly DiskHashOptions Default = new();

    /// <summary>Threads that hash. 1 = on the caller's own, which completes synchronously where the source does.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Most memory for bytes under way; 2 MiB is the least. Default 64 MiB, of which few workers need less: 16 MiB for two.</summary>
    public int BufferBytesMax { get; init; } = 64 << 20;

    /// <summary>Also take the plain SHA-256 of the whole disk, holes included: it goes at one core's speed.</summary>
    public bool Sha256 { get; init; }
}

/// <summary>One pass over a disk's bytes: its root, and if asked its plain SHA-256. Memory is bounded, whatever the disk's size.</summary>
/// <remarks>Disks of up to 32 MiB are hashed on the caller's thread.</remarks>
public static class DiskHasher
{
    /// <summary>A raw disk from a forward-only stream.</summary>
    /// <exception cref="DiskContentException"><c>disk.short</c> or <c>disk.long</c>: the stream does not have exactly the disk's bytes.</exception>
    public static Task<DiskDigest> ComputeAsync(Stream raw, long diskBytes, DiskHashOptions options, IProgress<DiskProgress>? progress, CancellationToken cancellation)
    {
        var pipeline = new HashPipeline(diskBytes, options, progress);
        return pipeline.RunAsync(PiecesAsync(raw, diskBytes, pipeline.Buffers, cancellation), cancellation);
    }

    /// <summary>The beginning of a raw stream that goes on, as a disk of its own; what comes after it is left to be read.</summary>
    /// <exception cref="DiskContentException"><c>disk.short</c>: the stream has fewer bytes than that.</exception>
    public static Task<DiskDigest> ComputePrefixAsync(Stream raw, long diskBytes, DiskHashOptions options, IProgress<DiskProgress>? progress, CancellationToken cancellation)
    {
        var pipeline = new HashPipeline(diskBytes, options, progress);
        return pipeline.RunAsync(PiecesAsync(raw, diskBytes, pipeline.Buffers, cancellation, mayGoOn: true), cancellation);
    }

    /// <summary>A disk that can be read at random; holes are neither read nor hashed.</summary>
    public static Task<DiskDigest> ComputeAsync(ISparseDisk disk, DiskHashOptions options, IProgress<DiskProgress>? progress, CancellationToken cancellation)
    {
        // Leaves can be hashed in any order; only the plain hash needs the bytes in a row.
        if (!options.Sha256)
            return ParallelHash.RunAsync(disk, options, progress, cancellation);
        var pipeline = new HashPipeline(disk.DiskBytes, options, progress);
        return pipeline.RunAsync(FromDiskAsync(disk, pipeline.Buffers, cancellation), cancellation);
    }

    /// <summary>A VHD from a forward-only stream, as xapi exports it; the digest is that of the logical disk. The stream is read to its end and its length is checked.</summary>
    /// <exception cref="Vhd.VhdException">With <c>vhd.truncated</c> and other codes for what is wrong with the stream.</exception>
    public static async Task<DiskDigest> ComputeFromVhdStreamAsync(Stream vhd, DiskHashOptions options, IProgress<DiskProgress>? progress, CancellationToken cancellation)
    {
        var reader = await Vhd.VhdStreamReader.OpenAsync(vhd, cancellation);
        var pipeline = new HashPipeline(reader.DiskBytes, options, progress);
        return await pipeline.RunAsync(reader.PiecesAsync(pipeline.Buffers, cancellation), cancellation);
    }

    /// <summary>A raw stream in pieces; it must have exactly the disk's bytes, or those at least.</summary>
    internal static async IAsyncEnumerable<DiskPiece> PiecesAsync(Stream raw, long diskBytes, BufferPool buffers, [EnumeratorCancellation] CancellationToken cancellation, bool mayGoOn = false)
    {
        for (long offset = 0; offset < diskBytes; offset += DiskRoot.GroupBytes)
        {
            var length = (int)Math.Min(DiskRoot.GroupBytes, diskBytes - offset);
            var buffer = await buffers.RentAsync(cancellation);
            var read = await raw.ReadAtLeastAsync(buffer.Memory[..length], length, throwOnEndOfStream: false, cancellation);
            if (read < length)
            {
                throw new DiskContentException("disk.short", $"The stream ended after {offset + read} of {diskBytes} bytes.",
                    "The transfer was cut off: read the source anew.", new DiskExtent(offset + read, diskBytes - offset - read));
            }
            yield return new DiskPiece(offset, buffer, length);
        }
        if (!mayGoOn && await raw.ReadAsync(new byte[1], cancellation) != 0)
        {
            throw new DiskContentException("disk.long", $"The stream goes on after the disk's {diskBytes} bytes.",
                "The source has another size than was said: look at its virtual size.", new DiskExtent(diskBytes, 1));
        }
    }

    private static async IAsyncEnumerable<DiskPiece> FromDiskAsync(ISparseDisk disk, BufferPool buffers, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (long offset = 0; offset < disk.DiskBytes; offset += DiskRoot.GroupBytes)
        {
            if (!disk.MayHoldData(offset, DiskRoot.GroupBytes))
                continue;
            var length = (int)Math.Min(DiskRoot.GroupBytes, disk.DiskBytes - offset);
            var buffer = await buffers.RentAsync(cancellation);
            var read = await disk.ReadAsync(offset, buffer.Memory[..length], cancellation);
            if (read < length)
            {
                throw new DiskContentException("disk.short", $"The disk ended after {offset + read} of {disk.DiskBytes} bytes.",
                    "The object is cut short: make it anew.", new DiskExtent(offset + read, length - read));
            }
            yield return new DiskPiece(offset, buffer, length);
        }
    }
}
