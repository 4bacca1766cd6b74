using System.Buffers;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// One device over shared blocks. Calls on one device are serialized, so a write is wholly in a snapshot or not at all;
/// different devices do not wait for each other.
/// </summary>
public sealed class SparseVolume : IBlockDevice, IDisposable
{
    // A leaf covers 1024 blocks (64 MiB at 64 KiB); a leaf never written does not exist, so a TiB of zeros is a few KiB.
    private const int LeafBlocks = 1024;

    private readonly Lock gate = new();
    private readonly BlockPool pool;
    private readonly string? maps;
    private DeviceMap? map;
    private int[]?[] leaves;
    private long length;
    private long allocated;
    private bool disposed;

    /// <param name="maps">Folder of the tables; null keeps the table in memory only.</param>
    internal SparseVolume(BlockPool pool, string? maps, long length, bool readOnly)
        : this(pool, maps, length, readOnly, new int[LeavesFor(length, pool.BlockSize)][]) => Persist();

    private SparseVolume(BlockPool pool, string? maps, long length, bool readOnly, int[]?[] leaves)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        this.pool = pool;
        this.maps = maps;
        this.length = length;
        this.leaves = leaves;
        IsReadOnly = readOnly;
        allocated = leaves.Sum(leaf => leaf?.LongCount(block => block != 0) ?? 0);
    }

    /// <summary>What the device is called in its store; a name is never used again.</summary>
    public string Name { get; private init; } = Guid.NewGuid().ToString("N");

    /// <summary>Blocks that this device holds, shared or not.</summary>
    public long AllocatedBlocks => Volatile.Read(ref allocated);

    /// <inheritdoc />
    public long Length => Volatile.Read(ref length);

    /// <summary>Snapshots refuse writes.</summary>
    public bool IsReadOnly { get; }

    /// <summary>The device's content at this instant, unchangeable; shares every block.</summary>
    public SparseVolume Snapshot() => Fork(Length, readOnly: true);

    /// <summary>A writable device with this content, cut or extended with zeros to another length if one is given.</summary>
    public SparseVolume Clone(long? newLength = null) => Fork(newLength ?? Length, readOnly: false);

    /// <inheritdoc />
    public void Read(long offset, Span<byte> buffer)
    {
        lock (gate)
        {
            CheckRange(offset, buffer.Length);
            while (buffer.Length > 0)
            {
                var (block, within, count) = Locate(offset, buffer.Length);
                if (block == 0)
                {
                    buffer[..count].Clear();
                }
                else
                {
                    pool.Read(block, within, buffer[..count]);
                }

                buffer = buffer[count..];
                offset += count;
            }
        }
    }

    /// <inheritdoc />
    public void Write(long offset, ReadOnlySpan<byte> buffer)
    {
        lock (gate)
        {
            CheckRange(offset, buffer.Length);
            CheckWritable();
            while (buffer.Length > 0)
            {
                var (block, within, count) = Locate(offset, buffer.Length);
                WriteBlock(offset / pool.BlockSize, block, within, buffer[..count]);
                buffer = buffer[count..];
                offset += count;
            }
        }
    }

    /// <summary>Grows the device; the new space is zeros.</summary>
    public void Grow(long newLength)
    {
        lock (gate)
        {
            CheckWritable();
            ArgumentOutOfRangeException.ThrowIfLessThan(newLength, length);
            Array.Resize(ref leaves, LeavesFor(newLength, pool.BlockSize));
            Volatile.Write(ref length, newLength);
            map?.WriteHeader(newLength, IsReadOnly);
        }
    }

    /// <summary>Becomes what another device of the store is now, at its own length: cut, or extended with zeros.</summary>
    public void Restore(SparseVolume content)
    {
        var keptLength = Length;
        using var wanted = content.Fork(keptLength, readOnly: true, persist: false);
        lock (gate)
        {
            CheckWritable();
            ObjectDisposedException.ThrowIf(disposed, this);
            // Nobody else knows the fork, so that its table can be taken as it is; it releases the one it gets in exchange.
            map?.Replace(length, IsReadOnly, wanted.leaves);
            (leaves, wanted.leaves) = (wanted.leaves, leaves);
            (allocated, wanted.allocated) = (wanted.allocated, allocated);
        }
    }

    /// <inheritdoc />
    public IEnumerable<(long Offset, long Length)> AllocatedExtents()
    {
        var extents = new List<(long Offset, long Length)>();
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            for (var leaf = 0; leaf < leaves.Length; leaf++)
            {
                if (leaves[leaf] is not { } table)
                {
                    continue;
                }

                for (var i = 0; i < LeafBlocks; i++)
                {
                    if (table[i] == 0)
                    {
                        continue;
                    }

                    var offset = (((long)leaf * LeafBlocks) + i) * pool.BlockSize;
                    var count = Math.Min(pool.BlockSize, length - offset);
                    if (extents.Count > 0 && extents[^1].Offset + extents[^1].Length == offset)
                    {
                        extents[^1] = (extents[^1].Offset, extents[^1].Length + count);
                    }
                    else
                    {
                        extents.Add((offset, count));
                    }
                }
            }
        }

        return extents;
    }

    /// <summary>Writes the device into a sparse file; answers how many bytes of it were allocated here.</summary>
    public (long Bytes, long AllocatedBytes) Materialize(string path)
    {
        using var frozen = Fork(Length, readOnly: true, persist: false);
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        RandomAccess.SetLength(file, frozen.Length);
        var written = 0L;
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        foreach (var (start, size) in frozen.AllocatedExtents())
        {
            for (var done = 0L; done < size;)
            {
                var piece = buffer.AsSpan(0, (int)Math.Min(1 << 20, size - done));
                frozen.Read(start + done, piece);
                RandomAccess.Write(file, piece, start + done);
                done += piece.Length;
            }

            written += size;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return (frozen.Length, written);
    }

    /// <summary>Gives the blocks back; those that others share stay with them.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
            // The table first: blocks that it names must not be taken by another device while it could still be read.
            map?.Delete();
            foreach (var leaf in leaves)
            {
                pool.Release(leaf);
            }

            leaves = [];
        }
    }

    private static int LeavesFor(long bytes, int blockSize) => checked((int)((((bytes + blockSize - 1) / blockSize) + LeafBlocks - 1) / LeafBlocks));

    /// <summary>A device of an earlier process. Its blocks still have to be adopted by the pool.</summary>
    internal static SparseVolume Load(BlockPool pool, string maps, string name)
    {
        var table = DeviceMap.Load(
            Path.Combine(maps, name + ".map"), LeafBlocks, bytes => LeavesFor(bytes, pool.BlockSize), out var length, out var readOnly, out var leaves);
        return new SparseVolume(pool, maps, length, readOnly, leaves) { Name = name, map = table };
    }

    internal IEnumerable<int[]> Leaves() => leaves.OfType<int[]>();

    private void Persist()
    {
        if (maps is not null)
        {
            map = DeviceMap.Create(Path.Combine(maps, Name + ".map"), length, IsReadOnly, leaves);
        }
    }

    private SparseVolume Fork(long newLength, bool readOnly, bool persist = true)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            var copies = new int[LeavesFor(newLength, pool.BlockSize)][];
            for (var i = 0; i < Math.Min(leaves.Length, copies.Length); i++)
            {
                if (leaves[i] is { } leaf)
                {
                    pool.AddReferences(leaf);
                    copies[i] = (int[])leaf.Clone();
                }
            }

            var fork = new SparseVolume(pool, persist ? maps : null, newLength, readOnly, copies);

            if (newLength < length)
            {
                fork.CutTail();
            }

            fork.Persist();
            return fork;
        }
    }

    /// <summary>Drops what the source held beyond a shorter length, so that growing again gives zeros.</summary>
    private void CutTail()
    {
        var keep = (length + pool.BlockSize - 1) / pool.BlockSize;
        for (var block = keep; block < (long)leaves.Length * LeafBlocks; block++)
        {
            SetBlock(block, 0);
        }

        var tail = (int)(length % pool.BlockSize);
        if (tail > 0 && leaves[(keep - 1) / LeafBlocks]?[(keep - 1) % LeafBlocks] is > 0 and var last)
        {
            WriteBlock(keep - 1, last, tail, new byte[pool.BlockSize - tail]);
        }
    }

    private (int Block, int Within, int Count) Locate(long offset, int wanted)
    {
        var index = offset / pool.BlockSize;
        var within = (int)(offset % pool.BlockSize);
        var block = leaves[index / LeafBlocks]?[index % LeafBlocks] ?? 0;
        return (block, within, Math.Min(wanted, pool.BlockSize - within));
    }

    private void WriteBlock(long index, int block, int within, ReadOnlySpan<byte> piece)
    {
        var whole = piece.Length == pool.BlockSize;
        if ((block == 0 || whole) && !piece.ContainsAnyExcept((byte)0))
        {
            SetBlock(index, 0);
            return;
        }

        if (block != 0 && !pool.IsShared(block))
        {
            pool.Write(block, within, piece);
            return;
        }

        var own = pool.Allocate();
        if (whole)
        {
            pool.Write(own, 0, piece);
        }
        else
        {
            var assembled = ArrayPool<byte>.Shared.Rent(pool.BlockSize);
            var content = assembled.AsSpan(0, pool.BlockSize);
            if (block == 0)
            {
                content.Clear();
            }
            else
            {
                pool.Read(block, 0, content);
            }

            piece.CopyTo(content[within..]);
            pool.Write(own, 0, content);
            ArrayPool<byte>.Shared.Return(assembled);
        }

        SetBlock(index, own);
    }

    private void SetBlock(long index, int block)
    {
        ref var leaf = ref leaves[index / LeafBlocks];
        if (leaf is null)
        {
            if (block == 0)
            {
                return;
            }

            leaf = new int[LeafBlocks];
        }

        ref var slot = ref leaf[index % LeafBlocks];
        var before = slot;
        slot = block;
        Volatile.Write(ref allocated, allocated + (block != 0 ? 1 : 0) - (before != 0 ? 1 : 0));
        map?.WriteSlot(index, block);
        if (before != 0)
        {
            pool.Release([before]);
        }
    }

    private void CheckRange(long offset, int count)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (offset < 0 || offset + count > length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{count} bytes at {offset} reach beyond a device of {length} bytes.");
        }
    }

    private void CheckWritable()
    {
        if (IsReadOnly)
        {
            throw new InvalidOperationException("A snapshot cannot be written; clone it and write the clone.");
        }
    }
}
