using SnapshotWorkflows.Secondary.Chunks.Format;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

internal enum DedupAnswer
{
    /// <summary>It is stored; the location says where.</summary>
    Found,

    /// <summary>It is not: store it, and say so by <see cref="DedupTable.Complete"/>.</summary>
    Yours,

    /// <summary>Another thread is storing it now.</summary>
    Pending,
}

internal readonly record struct LeafLocation(int Pack, uint Offset, uint Stored);

/// <summary>
/// Where leaves lie, by id: what this backup stored, and what was loaded of other snapshots. 48 bytes a leaf; when the memory it may have is full it learns nothing more, which costs space and never
/// correctness. Safe for many threads.
/// </summary>
internal sealed class DedupTable(long memoryBytes)
{
    private const int EntryBytes = 48;
    private const int Taken = -2;
    private readonly Lock _gate = new();
    private Entry[] _entries = new Entry[1024];
    private int _count;

    public bool IsFull
    {
        get
        {
            lock (_gate)
                return !MayGrow && _count * 4L >= _entries.Length * 3L;
        }
    }

    private bool MayGrow => _entries.Length * 2L * EntryBytes * 3 / 2 <= memoryBytes;

    public DedupAnswer Look(LeafHash id, out LeafLocation location)
    {
        lock (_gate)
        {
            ref var entry = ref Find(_entries, id);
            location = new LeafLocation(entry.Pack - 1, entry.Offset, entry.Stored);
            if (entry.Pack == Taken)
                return DedupAnswer.Pending;
            if (entry.Pack != 0)
                return DedupAnswer.Found;
            if (MakeRoom())
            {
                entry = ref Find(_entries, id);
                entry = new Entry { Id = id, Pack = Taken };
                _count++;
            }
            return DedupAnswer.Yours;
        }
    }

    public void Complete(LeafHash id, LeafLocation location)
    {
        lock (_gate)
        {
            ref var entry = ref Find(_entries, id);
            if (entry.Pack == Taken)
                entry = new Entry { Id = id, Pack = location.Pack + 1, Offset = location.Offset, Stored = location.Stored };
        }
    }

    /// <summary>A leaf that is stored already. The first location counts.</summary>
    public void Add(LeafHash id, LeafLocation location)
    {
        lock (_gate)
        {
            if (Find(_entries, id).Pack != 0 || !MakeRoom())
                return;
            Find(_entries, id) = new Entry { Id = id, Pack = location.Pack + 1, Offset = location.Offset, Stored = location.Stored };
            _count++;
        }
    }

    private bool MakeRoom()
    {
        if ((_count + 1) * 4L <= _entries.Length * 3L)
            return true;
        if (!MayGrow)
            return false;
        var larger = new Entry[_entries.Length * 2];
        foreach (var entry in _entries)
        {
            if (entry.Pack != 0)
                Find(larger, entry.Id) = entry;
        }
        _entries = larger;
        return true;
    }

    // Ids are hashes already: any bits of them will do.
    private static ref Entry Find(Entry[] entries, LeafHash id)
    {
        var mask = entries.Length - 1;
        var at = (int)id.B & mask;
        while (entries[at].Pack != 0 && entries[at].Id != id)
            at = (at + 1) & mask;
        return ref entries[at];
    }

    private struct Entry
    {
        public LeafHash Id;

        /// <summary>Number of the pack + 1; 0 = free.</summary>
        public int Pack;
        public uint Offset;
        public uint Stored;
    }
}
