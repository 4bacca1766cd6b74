using SnapshotWorkflows.Secondary;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>A disk with zeros behind its end, up to a larger one's size.</summary>
internal sealed class PaddedDisk(ISparseDisk disk, long diskBytes) : ISparseDisk
{
    public long DiskBytes { get; } = diskBytes >= disk.DiskBytes ? diskBytes : throw new ArgumentOutOfRangeException(nameof(diskBytes), diskBytes, "A disk is not made smaller.");

    public bool MayHoldData(long offset, long length) => disk.MayHoldData(offset, length);

    public IAsyncEnumerable<DiskExtent> ExtentsAsync(CancellationToken cancellation) => disk.ExtentsAsync(cancellation);

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var wanted = (int)Math.Clamp(DiskBytes - offset, 0, buffer.Length);
        var read = 0;
        while (read < wanted && offset + read < disk.DiskBytes)
        {
            var part = await disk.ReadAsync(offset + read, buffer[read..wanted], cancellation);
            if (part == 0) throw new DiskContentException("disk.short", $"The disk ended at byte {offset + read}.", "The source is shorter than it says: read it anew.");
            read += part;
        }

        buffer.Span[read..wanted].Clear();
        return wanted;
    }
}
