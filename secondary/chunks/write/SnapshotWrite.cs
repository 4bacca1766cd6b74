using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Read;
using SnapshotWorkflows.Secondary.Chunks.Repository;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Pipeline;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>One run of a backup, from the session's begin to its commit.</summary>
internal sealed class SnapshotWrite(ChunkRoom room, ChunkSnapshotRequest request, IChunkSource source, IProgress<TransferProgress>? progress)
{
    private const long LargeDiskBytes = 4L << 40;

    private readonly SessionStore _sessions = new(room);
    private readonly PackTable _packs = new();
    private readonly TransferMeter _meter = new(progress, source.DiskBytes, room.Time);
    private readonly int _leafBytes = request.LeafBytes ?? (source.DiskBytes > LargeDiskBytes ? ChunkOptions.LeafBytesLarge : ChunkOptions.LeafBytesSmall);
    private long _dataBytes;
    private long _readBytes;

    public async Task<ChunkSnapshot> RunAsync(CancellationToken cancellation)
    {
        var startedAt = room.Time.GetUtcNow();
        var (session, manifest) = await _sessions.BeginAsync(request.Snapshot, request.Volume, source.DiskBytes, cancellation);
        if (manifest is not null)
            return ChunkSnapshot.Of(manifest);
        // In this order: see PendingCollections.BarAsync.
        var condemned = await new PendingCollections(room).BarAsync(_packs, cancellation);
        await new DamageMarks(room).BarAsync(_packs, cancellation);
        var baseline = condemned is null ? Baseline.None : await Baseline.FindAsync(room, request, source.DiskBytes, _leafBytes, _packs, condemned, readWhole: source.Random is null, cancellation);
        var table = new DedupTable(room.Options.MemoryBytes / 3);
        var resumption = await Resumption.FindAsync(room, session, _packs, table, cancellation);
        await LoadOthersAsync(baseline, table, cancellation);

        var tree = new LeafTree(_leafBytes, source.DiskBytes);
        var root = new DiskRootBuilder(source.DiskBytes);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var uploads = new PackUploads(room, session, _packs, _leafBytes, failed);
        var share = new WriteShare(room, source.Random, tree, _leafBytes, !baseline.SharesLayers, _packs, table, uploads, root);
        var workers = Enumerable.Range(0, room.Options.Workers).Select(_ => new LeafWorker(share)).ToArray();
        await using var previous = baseline.Snapshot is null ? null : new LayeredIndex(room, baseline.Snapshot.Layers, _packs);
        await using var resumed = resumption.Layers.Count == 0 ? null : new LayeredIndex(room, resumption.Layers, _packs);
        using var index = new IndexWriter(room, session, _leafBytes, _packs, (records, token) => SettleAsync(records, workers, uploads, token));
        try
        {
            var changed = request.Changed?.Since == baseline.Snapshot?.Snapshot ? request.Changed : null;
            await OrderedStages.RunAsync(
                source.GroupsAsync(new GroupReader(tree, source.DiskBytes, previous, resumed, _packs), changed, failed.Token),
                workers.Length,
                (worker, group, token) => WorkAsync(workers[worker], group, token),
                (result, token) => AcceptAsync(result, index, uploads, token),
                failed);
            foreach (var worker in workers)
                await worker.Slot.SealAsync();
            await uploads.DrainAsync();
            if (uploads.Fault is not null)
                throw uploads.Fault;
            var (layers, indexBytes) = await FinishIndexAsync(session, baseline, index, failed.Token);
            var end = Manifest(session, startedAt, baseline, layers, root.Root(), uploads, indexBytes);
            var committed = await _sessions.CommitAsync(end, cancellation);
            _meter.Report(source.DiskBytes, end.SentBytes!.Value);
            return ChunkSnapshot.Of(committed);
        }
        catch (OperationCanceledException) when (uploads.Fault is { } fault && !cancellation.IsCancellationRequested)
        {
            await uploads.DrainAsync();
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
            throw;
        }
        finally
        {
            await uploads.DrainAsync();
            foreach (var worker in workers)
                worker.Dispose();
        }
    }

    private async ValueTask<LeafGroupResult> WorkAsync(LeafWorker worker, LeafGroup group, CancellationToken cancellation)
    {
        var result = await worker.ProcessAsync(group, cancellation);
        if (group.Piece is { } piece)
            source.Return(piece);
        return result;
    }

    private async ValueTask AcceptAsync(LeafGroupResult result, IndexWriter index, PackUploads uploads, CancellationToken cancellation)
    {
        foreach (var record in result.Records)
            await index.AddAsync(record, cancellation);
        _dataBytes += result.DataBytes;
        _readBytes += result.ReadBytes;
        _meter.Report(Math.Min(source.DiskBytes - 1, result.Group.Group * DiskRoot.GroupBytes + result.Group.Length), uploads.SentBytes + index.SentBytes);
    }

    // An index must not be in the store before the packs that it tells of.
    private async Task SettleAsync(IReadOnlyList<IndexRecord> records, LeafWorker[] workers, PackUploads uploads, CancellationToken cancellation)
    {
        foreach (var pack in records.Where(r => !r.IsZeros).Select(r => r.Pack).Distinct().Where(p => !uploads.IsUploaded(p)).ToList())
        {
            foreach (var worker in workers)
                await worker.Slot.SealAsync(pack);
            await uploads.UploadedAsync(pack, cancellation);
        }
    }

    // Half of the table at most: the rest is for what this backup stores itself.
    private async Task LoadOthersAsync(Baseline baseline, DedupTable table, CancellationToken cancellation)
    {
        var left = room.Options.MemoryBytes / 3 / 48 / 3;
        foreach (var snapshot in baseline.Snapshot is null ? baseline.Others : [baseline.Snapshot, .. baseline.Others])
        {
            try
            {
                await using var index = new LayeredIndex(room, snapshot.Layers, _packs);
                await foreach (var record in index.RecordsAsync(0, cancellation))
                {
                    if (record.IsZeros || _packs.IsBarred(record.Pack))
                        continue;
                    if (left-- <= 0)
                        return;
                    table.Add(room.IdOf(record.Hash), new LeafLocation(record.Pack, record.Offset, record.Stored));
                }
            }
            catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Missing or ChunkCodes.Key && snapshot != baseline.Snapshot)
            {
                // Another disk's index is damaged, purged meanwhile, or of a key not given: its leaves are stored again.
            }
        }
    }

    private async Task<(IReadOnlyList<LayerText> Layers, long SentBytes)> FinishIndexAsync(string session, Baseline baseline, IndexWriter index, CancellationToken cancellation)
    {
        if (!baseline.SharesLayers)
            return (await index.FinishAsync(cancellation) is { } only ? [only] : [], index.SentBytes);
        var layers = baseline.Snapshot!.Layers;
        var run = index.TakeBack();
        if (run is { Count: 0 })
            return (layers, 0);
        // A run too large for one object is in the store by now. It is a layer, and is swallowed or swallows as any other: left as it is, each such backup would add a layer, and keep its packs, for ever.
        var written = run is null ? await index.FinishAsync(cancellation) : null;
        var swallowed = layers.Count == 0 ? 0 : IndexCompaction.Swallowed(layers, written?.Records ?? run!.Count);
        if (written is not null && swallowed == 0)
            return ([.. layers, written], index.SentBytes);
        using var merged = new IndexWriter(room, session, _leafBytes, _packs, (_, _) => Task.CompletedTask);
        IEnumerable<LayerText> below = layers.TakeLast(swallowed);
        await foreach (var record in IndexCompaction.MergeAsync(room, written is null ? below : below.Append(written), run ?? [], _packs, dropZeros: swallowed == layers.Count, cancellation))
            await merged.AddAsync(record, cancellation);
        IReadOnlyList<LayerText> result = [.. layers.SkipLast(swallowed), .. await merged.FinishAsync(cancellation) is { } layer ? [layer] : Array.Empty<LayerText>()];
        return (result, index.SentBytes + merged.SentBytes);
    }

    private EndText Manifest(string session, DateTimeOffset startedAt, Baseline baseline, IReadOnlyList<LayerText> layers, DiskRoot root, PackUploads uploads, long indexBytes) => new()
    {
        End = EndText.IsManifest,
        Session = session,
        Snapshot = request.Snapshot,
        Volume = request.Volume,
        StartedAt = startedAt,
        EndedAt = room.Time.GetUtcNow(),
        DiskBytes = source.DiskBytes,
        LeafBytes = _leafBytes,
        Root = root.Hex,
        RootAlgorithm = DiskRoot.Algorithm,
        KeyId = room.Keys?.Current.Id,
        Layers = layers,
        DataBytes = _dataBytes,
        ReadBytes = _readBytes,
        SentBytes = uploads.SentBytes + indexBytes,
        NewLeaves = uploads.Leaves,
        Previous = baseline.Snapshot?.Snapshot,
        FullReason = baseline.FullReason,
    };
}
