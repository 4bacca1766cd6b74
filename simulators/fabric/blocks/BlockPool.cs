using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// Blocks of one size with reference counts, in memory or in one sparse file. A block with more than one owner is never written:
/// whoever wants to change it takes a new one (copy on write).
/// </summary>
internal abstract class BlockPool(int blockSize) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Stack<int> free = [];
    private int[] references = new int[64];
    private int highWater;
    private int live;

    public int BlockSize { get; } = blockSize;

    public int LiveBlocks
    {
        get
        {
            lock (gate)
            {
                return live;
            }
        }
    }

    /// <summary>Takes a block with one owner; its content is whatever was there before.</summary>
    public int Allocate()
    {
        lock (gate)
        {
            if (!free.TryPop(out var block))
            {
                // Block 0 means "never written", so numbering starts at 1.
                block = ++highWater;
                if (block >= references.Length)
                {
                    Array.Resize(ref references, references.Length * 2);
                }

                Grow(block);
            }

            references[block] = 1;
            live++;
            return block;
        }
    }

    public bool IsShared(int block)
    {
        lock (gate)
        {
            return references[block] > 1;
        }
    }

    /// <summary>One more owner for every block of a table; zeros are skipped.</summary>
    public void AddReferences(ReadOnlySpan<int> blocks)
    {
        lock (gate)
        {
            foreach (var block in blocks)
            {
                if (block != 0)
                {
                    references[block]++;
                }
            }
        }
    }

    /// <summary>One owner less for every block of a table; blocks without an owner become free.</summary>
    public void Release(ReadOnlySpan<int> blocks)
    {
        lock (gate)
        {
            foreach (var block in blocks)
            {
                if (block != 0 && --references[block] == 0)
                {
                    free.Push(block);
                    live--;
                }
            }
        }
    }

    /// <summary>Takes over tables that an earlier process left: every block they name has as many owners as they name it.</summary>
    public void Adopt(IEnumerable<int[]> leaves)
    {
        lock (gate)
        {
            foreach (var block in leaves.SelectMany(leaf => leaf).Where(block => block != 0))
            {
                if (block >= references.Length)
                {
                    Array.Resize(ref references, Math.Max(references.Length * 2, block + 1));
                }

                highWater = Math.Max(highWater, block);
                if (references[block]++ == 0)
                {
                    live++;
                }
            }

            for (var block = highWater; block > 0; block--)
            {
                if (references[block] == 0)
                {
                    free.Push(block);
                }
            }
        }
    }

    public abstract void Read(int block, int offset, Span<byte> buffer);

    public abstract void Write(int block, int offset, ReadOnlySpan<byte> buffer);

    public abstract void Dispose();

    /// <summary>Called under the lock when a block number is used for the first time.</summary>
    protected virtual void Grow(int block)
    {
    }
}

/// <summary>Blocks as arrays: for worlds that live for milliseconds.</summary>
internal sealed class MemoryBlockPool(int blockSize) : BlockPool(blockSize)
{
    private byte[][] blocks = new byte[64][];

    public override void Read(int block, int offset, Span<byte> buffer) =>
        Volatile.Read(ref blocks)[block].AsSpan(offset, buffer.Length).CopyTo(buffer);

    public override void Write(int block, int offset, ReadOnlySpan<byte> buffer) =>
        buffer.CopyTo(Volatile.Read(ref blocks)[block].AsSpan(offset));

    public override void Dispose() => blocks = [];

    protected override void Grow(int block)
    {
        var current = blocks;
        if (block >= current.Length)
        {
            // Replaced as a whole: readers keep working on the old table, which holds the same arrays.
            Array.Resize(ref current, current.Length * 2);
        }

        current[block] = GC.AllocateUninitializedArray<byte>(BlockSize);
        Volatile.Write(ref blocks, current);
    }
}

/// <summary>Blocks in one file, block n at n times the block size; the file system keeps it sparse.</summary>
internal sealed class FileBlockPool(string path, int blockSize) : BlockPool(blockSize)
{
    private readonly SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, FileOptions.RandomAccess);

    public override void Read(int block, int offset, Span<byte> buffer)
    {
        var position = ((long)block * BlockSize) + offset;
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(file, buffer, position);
            if (read == 0)
            {
                // Past the end of the file: allocated, but its tail was never written.
                buffer.Clear();
                return;
            }

            buffer = buffer[read..];
            position += read;
        }
    }

    public override void Write(int block, int offset, ReadOnlySpan<byte> buffer) =>
        RandomAccess.Write(file, buffer, ((long)block * BlockSize) + offset);

    public override void Dispose() => file.Dispose();
}
