using System.Collections;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Pipeline;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>
/// Verifies snapshots: each pack once, however many snapshots refer to it; then each snapshot's index against the packs, and its root. What is wrong with a pack is told for every extent of every snapshot that needs it.
/// </summary>
internal sealed class RepositoryVerification(ChunkRoom room, ChunkVerifyRequest request, IProgress<TransferProgress>? progress)
{
    private const int FindingsMax = 10_000;
    private const int TailsKept = 256;

    private readonly PackTable _packs = new();
    private readonly List<ChunkFinding> _findings = [];
    private readonly Dictionary<int, ChunkException> _faults = [];
    private readonly Dictionary<int, IReadOnlyCollection<uint>> _bad = [];
    private readonly Dictionary<int, (PackTail Tail, long Use)> _tails = [];
    private long _uses;
    private long _leaves;
    private long _storedBytes;
    private long _readBytes;

    public async Task<ChunkVerifyReport> RunAsync(CancellationToken cancellation)
    {
        if (request.Snapshots is null)
            await new TextVerification(room, Add).RunAsync(cancellation);
        var snapshots = await SnapshotsAsync(cancellation);
        foreach (var name in snapshots.SelectMany(s => s.Layers).SelectMany(l => l.Objects).Distinct(StringComparer.Ordinal))
            await NumberPacksAsync(name, cancellation);
        var packs = _packs.Count;
        await CheckPacksAsync(packs, cancellation);
        foreach (var snapshot in snapshots)
            await CheckSnapshotAsync(snapshot, cancellation);
        return new ChunkVerifyReport(snapshots.Count, packs, _leaves, _readBytes, _findings) { StoredBytes = _storedBytes, Unmarked = request.MarkDamage ? await MarkAsync(cancellation) : null };
    }

    /// <returns>Why it could not be done: what was found is to be told all the same.</returns>
    private async Task<SecondaryException?> MarkAsync(CancellationToken cancellation)
    {
        var damaged = _faults.Select(f => (Pack: f.Key, f.Value.Code, f.Value.Message))
            .Concat(_bad.Select(b => (Pack: b.Key, Code: ChunkCodes.Damaged, Message: $"{b.Value.Count} of its leaves are not those that were written, first at byte {b.Value.Min()}."))).ToList();
        if (damaged.Count == 0)
            return null;
        try
        {
            var marks = new DamageMarks(room);
            var marked = await marks.ListAsync(cancellation);
            foreach (var (pack, code, message) in damaged.Where(d => !marked.Contains(_packs.Name(d.Pack))))
                await marks.PutAsync(_packs.Name(pack), code, message, cancellation);
            return null;
        }
        catch (SecondaryStoreException e)
        {
            return e;
        }
    }

    private async Task<List<ChunkSnapshot>> SnapshotsAsync(CancellationToken cancellation)
    {
        var catalog = new SnapshotCatalog(room);
        var snapshots = new List<ChunkSnapshot>();
        if (request.Snapshots is not null)
        {
            foreach (var id in request.Snapshots)
                snapshots.Add(await catalog.GetAsync(id, evenDeleted: true, cancellation));
            return snapshots;
        }
        var sessions = await new SessionStore(room).ListAsync(null, cancellation);
        try
        {
            return await catalog.ReadAsync(sessions, await new TombstoneStore(room).ListAsync(null, cancellation), cancellation);
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Newer)
        {
            // The texts' own check has told which: here those count that can be read.
            foreach (var session in sessions)
            {
                try
                {
                    snapshots.AddRange(await catalog.ReadAsync([session], [], cancellation));
                }
                catch (ChunkException damaged) when (damaged.Code is ChunkCodes.Damaged or ChunkCodes.Newer)
                {
                    // As above.
                }
            }
            return snapshots;
        }
    }

    private async Task NumberPacksAsync(string name, CancellationToken cancellation)
    {
        try
        {
            foreach (var pack in (await IndexObject.ReadTailAsync(room, LayeredIndex.Parse(name), cancellation)).Packs)
                _packs.Number(pack);
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Missing)
        {
            // Told with the snapshots that need it.
        }
    }

    private async Task CheckPacksAsync(int count, CancellationToken cancellation)
    {
        var meter = new TransferMeter(progress, count, room.Time);
        var workers = Enumerable.Range(0, room.Options.Workers).Select(_ => new PackVerification(room)).ToArray();
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await OrderedStages.RunAsync(Enumerable.Range(0, count).ToAsyncEnumerable(), workers.Length,
                (worker, pack, token) => workers[worker].CheckAsync(pack, _packs.Name(pack), IsSampled(_packs.Name(pack)), token),
                (check, _) =>
                {
                    Accept(check);
                    meter.Report(check.Number + 1, _readBytes);
                    return ValueTask.CompletedTask;
                }, failed);
        }
        finally
        {
            foreach (var worker in workers)
                worker.Dispose();
        }
    }

    private void Accept(PackCheck check)
    {
        _readBytes += check.ReadBytes;
        if (check.Tail is not null && _tails.Count < TailsKept)
            _tails[check.Number] = (check.Tail, 0);
        if (check.Fault is not null)
            _faults[check.Number] = check.Fault;
        if (check.Bad.Count == 0)
            return;
        _bad[check.Number] = [.. check.Bad];
        // A leaf that no snapshot needs any more is damage all the same.
        var name = room.Names.Pack(_packs.Name(check.Number));
        Add(new ChunkFinding(ChunkCodes.Damaged, name, $"'{name}' is damaged in {check.Bad.Count} of its leaves, first at byte {check.Bad.First()}."));
    }

    private async Task CheckSnapshotAsync(ChunkSnapshot snapshot, CancellationToken cancellation)
    {
        var tree = new LeafTree(snapshot.LeafBytes, snapshot.DiskBytes);
        var root = new DiskRootBuilder(snapshot.DiskBytes);
        var counted = new SeenEntries();
        ChunkFinding? pending = null;
        try
        {
            await using var index = new LayeredIndex(room, snapshot.Layers, _packs, ReadPurpose.Verification);
            await foreach (var group in SnapshotGroups.OfAsync(index, tree, 0, cancellation))
            {
                foreach (var record in group.Records)
                {
                    _leaves++;
                    if (await FaultAsync(record, counted, cancellation) is not { } fault)
                        continue;
                    var extent = tree.Extent(record.Leaf);
                    var name = room.Names.Pack(_packs.Name(record.Pack));
                    if (pending is { Extent: { } before } && before.End == extent.Offset && pending.Object == name)
                    {
                        pending = pending with { Extent = before with { Length = before.Length + extent.Length } };
                        continue;
                    }
                    if (pending is not null)
                        Add(pending);
                    pending = new ChunkFinding(fault.Code, name, fault.Message, snapshot.Snapshot, extent);
                }
                root.AddGroupNode(group.Group, LeafTree.GroupNode(group.Hashes(tree)));
            }
            if (root.Root().Hex != snapshot.Root)
                Add(new ChunkFinding(ChunkCodes.Damaged, room.Names.End(snapshot.Session), "The index gives another root than the manifest says.", snapshot.Snapshot, new DiskExtent(0, snapshot.DiskBytes)));
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Damaged or ChunkCodes.Missing)
        {
            var located = IndexExtents.IsWanted(e) ? await IndexExtents.LocateAsync(room, snapshot, e, cancellation) : e;
            Add(new ChunkFinding(e.Code, room.Names.End(snapshot.Session), e.Message, snapshot.Snapshot, located.Extent ?? new DiskExtent(0, snapshot.DiskBytes)));
        }
        if (pending is not null)
            Add(pending);
    }

    private async ValueTask<(string Code, string Message)?> FaultAsync(IndexRecord record, SeenEntries counted, CancellationToken cancellation)
    {
        if (_faults.TryGetValue(record.Pack, out var fault))
            return (fault.Code, fault.Message);
        if (_bad.TryGetValue(record.Pack, out var bad) && bad.Contains(record.Offset))
            return (ChunkCodes.Damaged, "The leaf is not the one that was written.");
        var tail = await TailAsync(record.Pack, cancellation);
        var entry = tail.Find(record.Offset);
        if (entry < 0 || tail.Entries[entry].Stored != record.Stored || tail.Entries[entry].Id != room.IdOf(record.Hash))
            return (ChunkCodes.Damaged, "The index tells of another leaf than the pack holds.");
        if (counted.IsFirst(record.Pack, entry))
            _storedBytes += tail.Entries[entry].Length;
        return null;
    }

    /// <summary>Which leaves of which packs a snapshot has needed already: half a kilobyte for each pack.</summary>
    private sealed class SeenEntries
    {
        private readonly Dictionary<int, BitArray> _packs = [];

        public bool IsFirst(int pack, int entry)
        {
            if (!_packs.TryGetValue(pack, out var seen))
                _packs[pack] = seen = new BitArray(PackTail.EntriesMax);
            if (seen[entry])
                return false;
            return seen[entry] = true;
        }
    }

    private async ValueTask<PackTail> TailAsync(int pack, CancellationToken cancellation)
    {
        if (!_tails.TryGetValue(pack, out var kept))
        {
            if (_tails.Count >= TailsKept)
                _tails.Remove(_tails.MinBy(t => t.Value.Use).Key);
            kept.Tail = await PackReading.TailAsync(room, _packs.Name(pack), ReadPurpose.Ordinary, cancellation);
        }
        _tails[pack] = (kept.Tail, ++_uses);
        return kept.Tail;
    }

    // By name and seed, so that a pack's turn does not depend on which other packs there are.
    private bool IsSampled(ObjectName name) =>
        request.ContentPercent >= 100 || Mix(name) % 100 < (uint)request.ContentPercent;

    private uint Mix(ObjectName name) => (uint)((name.Hash.A ^ (ulong)request.Seed * 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93 >> 32);

    private void Add(ChunkFinding finding)
    {
        if (_findings.Count < FindingsMax)
            _findings.Add(finding);
    }
}
