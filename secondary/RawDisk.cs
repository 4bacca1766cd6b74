using System.Runtime.CompilerServices;

namespace SnapshotWorkflows.Secondary;

/// <summary>A raw disk as a sparse one: what is all zeros counts as absent. Finding that out takes reading.</summary>
public sealed class RawDisk(IRandomAccessSource source) : ISparseDisk
{
    private const int StepBytes = 64 * 1024;

    public long DiskBytes => source.Length;

    public bool MayHoldData(long offset, long length) => length > 0 && offset < DiskBytes;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation) => source.ReadAsync(offset, buffer, cancellation);

    /// <summary>In steps of 64 KiB.</summary>
    public async IAsyncEnumerable<DiskExtent> ExtentsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var buffer = new byte[StepBytes * 16];
        var pending = default(DiskExtent);
        for (long offset = 0; offset < DiskBytes;)
        {
            var read = await source.ReadAsync(offset, buffer, cancellation);
            if (read == 0)
                break;
            for (var at = 0; at < read; at += StepBytes)
            {
                var length = Math.Min(StepBytes, read - at);
                if (!buffer.AsSpan(at, length).ContainsAnyExcept((byte)0))
                    continue;
                if (pending.Length > 0 && pending.End != offset + at)
                {
                    yield return pending;
                    pending = default;
                }
                pending = pending.Length > 0 ? pending with { Length = pending.Length + length } : new DiskExtent(offset + at, length);
            }
            offset += read;
        }
        if (pending.Length > 0)
            yield return pending;
    }
}
