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
    private int[]?[] leaves;
    private long length;
    private bool disposed;

    internal SparseVolume(BlockPool pool, long length, bool readOnly = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        this.pool = pool;
        this.length = length;
        IsReadOnly = readOnly;
        leaves = new int[LeavesFor(length)][];
    }

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
            Array.Resize(ref leaves, LeavesFor(newLength));
            Volatile.Write(ref length, newLength);
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
        using var frozen = Snapshot();
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        RandomAccess.SetLength(file, frozen.Length);
        var allocated = 0L;
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

            allocated += size;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return (frozen.Length, allocated);
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
            foreach (var leaf in leaves)
            {
                pool.Release(leaf);
            }

            leaves = [];
        }
    }

    private static int LeavesFor(long blocks, int blockSize) => checked((int)((((blocks + blockSize - 1) / blockSize) + LeafBlocks - 1) / LeafBlocks));

    private int LeavesFor(long bytes) => LeavesFor(bytes, pool.BlockSize);

    private SparseVolume Fork(long newLength, bool readOnly)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            var fork = new SparseVolume(pool, newLength, readOnly);
            var shared = Math.Min(leaves.Length, fork.leaves.Length);
            for (var i = 0; i < shared; i++)
            {
                if (leaves[i] is { } leaf)
                {
                    pool.AddReferences(leaf);
                    fork.leaves[i] = (int[])leaf.Clone();
                }
            }

            if (newLength < length)
            {
                fork.CutTail();
            }

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
        if (slot != 0)
        {
            pool.Release([slot]);
        }

        slot = block;
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
