using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>
/// An unfinished file of a session, written at any place in any order, and beside it a journal of what of it is durable. The file is synced each 16 MiB: a death loses what came after.
/// </summary>
/// <remarks>Two writers of one session (a process that was thought dead) write the same bytes to the same places, so they do each other no harm.</remarks>
internal sealed class StagedFile : IStagedObject
{
    private const long SyncEachBytes = 16 << 20;

    private readonly FolderStore _store;
    private readonly string _name;
    private readonly string _partial;
    private readonly string _journalPath;
    private readonly bool _published;
    private readonly SafeFileHandle _file;
    private readonly DirectFile _direct;
    private readonly StagedJournal _journal;
    private readonly ConcurrentDictionary<int, StagedPart> _held = new();
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _sync = new(1, 1);
    private List<StagedPart> _unsynced = [];
    private long _unsyncedBytes;
    private int _failedSyncs;
    // What earlier lives made durable, by offset.
    private readonly List<StagedPart> _earlier;
    private readonly int _earlierLengthMax;

    private StagedFile(FolderStore store, string name, string partial, string journalPath, SafeFileHandle file)
    {
        (_store, _name, _partial, _journalPath, _file) = (store, name, partial, journalPath, file);
        // An earlier life gave the object its name and died before it took this one away. From then on the bytes are the object's, and are not touched.
        _published = store.IsPublished(file, name);
        var length = RandomAccess.GetLength(file);
        _direct = new DirectFile(file, partial);
        _journal = StagedJournal.Open(journalPath, part =>
        {
            if (part.Offset + part.Length <= length)
                _held[part.Index] = part;
        });
        _earlier = [.. _held.Values.Where(part => part.Identity != StagedJournal.Withdrawn).OrderBy(part => part.Offset)];
        _earlierLengthMax = _earlier.Count == 0 ? 0 : _earlier.Max(part => part.Length);
    }

    public static StagedFile Open(FolderStore store, string name, string partial, string journal)
    {
        // A journal whose file is gone tells of a file that was: it must not speak for the new one.
        if (Libc.Find(partial) is null)
            store.RemovePartial(journal, name);
        var file = Libc.Open(partial, Libc.ReadWrite | Libc.Create);
        try
        {
            return new StagedFile(store, name, partial, journal, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public bool Holds(StagedPart part) => _published || _held.TryGetValue(part.Index, out var held) && held == part;

    public async Task WriteAsync(StagedPart part, IReadOnlyList<ReadOnlyMemory<byte>> content, CancellationToken cancellation)
    {
        StagedParts.DemandLength(part, content);
        cancellation.ThrowIfCancellationRequested();
        if (_published)
            return;
        try
        {
            await WithdrawAsync(part, cancellation);
            var failedBefore = Volatile.Read(ref _failedSyncs);
            _store.BeforeStage(FolderStep.WritePartial, _name);
            _direct.Write(content, part.Offset);
            bool due;
            lock (_gate)
            {
                // Written while a sync failed, it may be among what that one lost.
                if (failedBefore == _failedSyncs)
                    _unsynced.Add(part);
                _unsyncedBytes += part.Length;
                due = _unsyncedBytes >= SyncEachBytes;
            }
            if (due)
                await SyncAsync(cancellation);
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, _store.Name, $"Staging a part of '{_name}'");
        }
    }

    public async Task<PutOutcome> CommitAsync(IReadOnlyList<StagedPart> parts, CancellationToken cancellation)
    {
        var length = StagedParts.DemandWhole(parts);
        try
        {
            if (_published)
                return _store.PublishStaged(_file, _partial, _journalPath, _name);
            await SyncAsync(cancellation);
            if (!parts.All(Holds))
            {
                throw new SecondaryStoreException(StoreCodes.StagedLost, $"Parts of '{_name}' are not staged on '{_store.Name}'.",
                    "It is opened again, and what is missing is written.");
            }
            RandomAccess.SetLength(_file, length);
            _store.BeforeStage(FolderStep.SyncPartial, _name);
            Libc.Sync(_file);
            return _store.PublishStaged(_file, _partial, _journalPath, _name);
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, _store.Name, $"Finishing '{_name}'");
        }
    }

    public ValueTask DisposeAsync()
    {
        _direct.Dispose();
        _file.Dispose();
        _journal.Dispose();
        _sync.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Before a write goes over what an earlier life made durable of other bytes, the journal takes that back: a death before the next sync would leave the new bytes under the old part's name.</summary>
    private async Task WithdrawAsync(StagedPart part, CancellationToken cancellation)
    {
        if (Overwritten(part).Count == 0)
            return;
        await _sync.WaitAsync(cancellation);
        try
        {
            // Again: another writer may have done it while this one waited.
            var gone = Overwritten(part);
            if (gone.Count == 0)
                return;
            _store.BeforeStage(FolderStep.SyncPartial, _name);
            _journal.Append([.. gone.Select(one => one with { Identity = StagedJournal.Withdrawn })]);
            foreach (var one in gone)
                _held.TryRemove(new KeyValuePair<int, StagedPart>(one.Index, one));
        }
        finally
        {
            _sync.Release();
        }
    }

    private List<StagedPart> Overwritten(StagedPart part)
    {
        var (low, high) = (0, _earlier.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_earlier[middle].Offset + _earlierLengthMax <= part.Offset)
                low = middle + 1;
            else
                high = middle;
        }
        var over = new List<StagedPart>();
        for (; low < _earlier.Count && _earlier[low].Offset < part.Offset + part.Length; low++)
        {
            var one = _earlier[low];
            if (one != part && one.Offset + one.Length > part.Offset && _held.TryGetValue(one.Index, out var held) && held == one)
                over.Add(one);
        }
        return over;
    }

    private async Task SyncAsync(CancellationToken cancellation)
    {
        await _sync.WaitAsync(cancellation);
        try
        {
            List<StagedPart> written;
            lock (_gate)
            {
                (written, _unsynced) = (_unsynced, []);
                _unsyncedBytes = 0;
            }
            if (written.Count == 0)
                return;
            try
            {
                _store.BeforeStage(FolderStep.SyncPartial, _name);
                Libc.Sync(_file);
            }
            catch
            {
                // Of a failed sync the system forgets what it could not write, and calls the next one good (fsync(2)). So nothing that was written by now counts: the commit says that it is lost, and it is written again.
                lock (_gate)
                {
                    _failedSyncs++;
                    _unsynced = [];
                }
                throw;
            }
            _journal.Append(written);
            foreach (var part in written)
                _held[part.Index] = part;
        }
        finally
        {
            _sync.Release();
        }
    }
}
