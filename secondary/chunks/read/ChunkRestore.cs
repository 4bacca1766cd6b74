using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Secondary.Pipeline;
using SnapshotWorkflows.Secondary.Restore;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>From a snapshot to a raw disk: the pipeline of a backup, reversed.</summary>
internal sealed class ChunkRestore(ChunkRoom room, ChunkSnapshot snapshot, IProgress<TransferProgress>? progress)
{
    private readonly LeafTree _tree = new(snapshot.LeafBytes, snapshot.DiskBytes);
    private readonly DiskRootBuilder _root = new(snapshot.DiskBytes);
    private readonly TransferMeter _meter = new(progress, snapshot.DiskBytes, room.Time);
    private long _written;

    /// <summary>Writes sparsely to a <c>.partial</c> beside the path, and gives it its name when the root of what was written is the manifest's.</summary>
    /// <param name="readBack">Read the file again from its disk, and compare that root too.</param>
    public async Task<RestoreReceipt> ToFileAsync(string path, bool readBack, CancellationToken cancellation)
    {
        using var target = RestoredFile.Open(path);
        RandomAccess.SetLength(target.Handle, snapshot.DiskBytes);
        using (var direct = new DirectFile(target.Handle, target.Partial))
            await WriteAsync((bytes, offset) => direct.Write(bytes.Span, offset), cancellation);
        Check(_root.Root());
        Libc.Sync(target.Handle);
        if (readBack)
        {
            var options = new DiskHashOptions { Workers = room.Options.Workers };
            using var disk = target.ReadBack();
            Check((await DiskHasher.ComputeAsync(disk, options, null, cancellation)).Root);
        }
        target.Publish();
        _meter.Report(snapshot.DiskBytes, _written);
        return new RestoreReceipt(snapshot.DiskBytes, _written, new DiskRoot(snapshot.Root), null);
    }

    private async Task WriteAsync(Action<ReadOnlyMemory<byte>, long> write, CancellationToken cancellation)
    {
        var packs = new PackTable();
        await using var index = new LayeredIndex(room, snapshot.Layers, packs);
        await using var cache = new PackCache(room, packs, ReadPurpose.Once);
        var workers = Enumerable.Range(0, room.Options.Workers).Select(_ => (Fetcher: new LeafFetcher(cache, _tree, snapshot.LeafBytes), Buffer: new AlignedBuffer(DiskRoot.GroupBytes))).ToArray();
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await OrderedStages.RunAsync(SnapshotGroups.OfAsync(index, _tree, 0, failed.Token), workers.Length, async (worker, group, token) =>
            {
                var (fetcher, buffer) = workers[worker];
                await fetcher.FetchAsync(group.Records, buffer.Memory, token);
                WriteRuns(group, buffer, write);
                // Each leaf was found to have the hash that its record says.
                _root.AddGroupNode(group.Group, LeafTree.GroupNode(group.Hashes(_tree)));
                return group.Group;
            }, (group, _) =>
            {
                _meter.Report(Math.Min(snapshot.DiskBytes - 1, (group + 1) * DiskRoot.GroupBytes), _written);
                return ValueTask.CompletedTask;
            }, failed);
        }
        catch (ChunkException e) when (IndexExtents.IsWanted(e))
        {
            throw await IndexExtents.LocateAsync(room, snapshot, e, cancellation);
        }
        finally
        {
            foreach (var (fetcher, _) in workers)
                fetcher.Dispose();
        }
    }

    // Only leaves with data are written: the rest of the file are holes.
    private void WriteRuns(SnapshotGroup group, AlignedBuffer buffer, Action<ReadOnlyMemory<byte>, long> write)
    {
        for (var from = 0; from < group.Records.Count;)
        {
            var to = from + 1;
            while (to < group.Records.Count && group.Records[to].Leaf == group.Records[to - 1].Leaf + 1)
                to++;
            var start = _tree.Extent(group.Records[from].Leaf).Offset;
            var end = _tree.Extent(group.Records[to - 1].Leaf).End;
            write(buffer.Memory.Slice((int)(start % DiskRoot.GroupBytes), (int)(end - start)), start);
            Interlocked.Add(ref _written, end - start);
            from = to;
        }
    }

    private void Check(DiskRoot root)
    {
        if (root.Hex != snapshot.Root)
        {
            throw new DiskContentException("restore.root", $"The restored disk's root is {root}, the manifest's is {snapshot.Root}.", "The copy is damaged: verify it, and restore from another one.",
                new DiskExtent(0, snapshot.DiskBytes));
        }
    }
}
