using System.Collections.Concurrent;

namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>
/// Buffers of one group that earlier hashes have left, for the next ones of the process: the first touch of memory is what it costs, and pinned garbage lies about until a full collection.
/// </summary>
internal static class GroupBuffers
{
    /// <summary>32 MiB: what two hashes on two cores have at once.</summary>
    private const int KeptMost = 16;

    private static readonly ConcurrentStack<AlignedBuffer> s_kept = new();

    public static AlignedBuffer Take() => s_kept.TryPop(out var buffer) ? buffer : new AlignedBuffer(DiskRoot.GroupBytes);

    /// <param name="buffer">Nobody reads into it any more. After a failure or a cancel that is not known: then it is left to the collector.</param>
    public static void Give(AlignedBuffer buffer)
    {
        if (s_kept.Count < KeptMost)
            s_kept.Push(buffer);
    }
}
