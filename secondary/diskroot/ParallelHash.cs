namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>
/// The root of a disk that can be read at random: every worker takes the next group, reads it, hashes it. Reading and hashing go on at once on all cores, and several reads are under way
/// where the store is far away.
/// </summary>
internal static class ParallelHash
{
    private const long InlineUpToBytes = 32 << 20;

    // Readers wait, hashers work: twice as many as hash keeps the cores busy while answers are on their way.
    private const int FlowsPerWorker = 2;

    public static async Task<DiskDigest> RunAsync(ISparseDisk disk, DiskHashOptions options, IProgress<DiskProgress>? progress, CancellationToken cancellation)
    {
        var builder = new DiskRootBuilder(disk.DiskBytes);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var position = new Position(disk.DiskBytes, progress);
        if (disk.DiskBytes <= InlineUpToBytes || options.Workers <= 1)
        {
            await FlowAsync(disk, builder, position, failed);
        }
        else
        {
            var flows = Math.Clamp(options.BufferBytesMax / DiskRoot.GroupBytes, 1, options.Workers * FlowsPerWorker);
            var all = Task.WhenAll(Enumerable.Range(0, flows).Select(_ => Task.Run(() => FlowAsync(disk, builder, position, failed), CancellationToken.None)));
            try
            {
                await all;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested && all.Exception?.InnerExceptions.FirstOrDefault(e => e is not OperationCanceledException) is { } first)
            {
                // One flow failed and stopped the others: its fault is the one to show.
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
            }
        }
        position.End();
        return builder.Digest(null);
    }

    private static async Task FlowAsync(ISparseDisk disk, DiskRootBuilder builder, Position position, CancellationTokenSource failed)
    {
        try
        {
            var buffer = GroupBuffers.Take();
            var hashes = new byte[DiskRoot.LeavesPerGroup * DiskRoot.HashBytes];
            while (position.Next(disk) is { } offset)
            {
                var length = (int)Math.Min(DiskRoot.GroupBytes, disk.DiskBytes - offset);
                var read = await disk.ReadAsync(offset, buffer.Memory[..length], failed.Token);
                if (read < length)
                {
                    throw new DiskContentException("disk.short", $"The disk ended after {offset + read} of {disk.DiskBytes} bytes.",
                        "The object is cut short: make it anew.", new DiskExtent(offset + read, length - read));
                }
                builder.AddGroup(offset / DiskRoot.GroupBytes, GroupHash.Leaves(buffer.Span, length, hashes));
                position.Done(length);
            }
            GroupBuffers.Give(buffer);
        }
        catch
        {
            await failed.CancelAsync();
            throw;
        }
    }

    /// <summary>What is taken, and what is done; holes count as done when they are passed.</summary>
    private sealed class Position(long diskBytes, IProgress<DiskProgress>? progress)
    {
        private readonly Lock _gate = new();
        private long _next;
        private long _done;

        /// <summary>The next group that may hold data; null at the end.</summary>
        public long? Next(ISparseDisk disk)
        {
            lock (_gate)
            {
                for (; _next < diskBytes; _next += DiskRoot.GroupBytes)
                {
                    if (disk.MayHoldData(_next, DiskRoot.GroupBytes))
                    {
                        _next += DiskRoot.GroupBytes;
                        return _next - DiskRoot.GroupBytes;
                    }
                    _done += Math.Min(DiskRoot.GroupBytes, diskBytes - _next);
                }
                return null;
            }
        }

        public void Done(int bytes)
        {
            lock (_gate)
            {
                _done += bytes;
                progress?.Report(new DiskProgress(_done, diskBytes));
            }
        }

        public void End() => progress?.Report(new DiskProgress(diskBytes, diskBytes));
    }
}
