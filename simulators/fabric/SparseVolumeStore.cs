namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// Real bytes behind volumes, snapshots and clones: tables of blocks over one pool. A snapshot or a clone copies the table and
/// shares every block until one side writes it. Space never written costs nothing and reads as zeros.
/// </summary>
public sealed class SparseVolumeStore : IDisposable
{
    /// <summary>Unit of sharing and of allocation in bytes, unless chosen otherwise.</summary>
    public const int DefaultBlockSize = 64 << 10;

    private readonly BlockPool pool;

    private SparseVolumeStore(BlockPool pool) => this.pool = pool;

    public int BlockSize => pool.BlockSize;

    /// <summary>Blocks held by all volumes together, shared ones counted once.</summary>
    public long AllocatedBlocks => pool.LiveBlocks;

    /// <summary>Bytes in memory; cheap to make, gone with the object.</summary>
    public static SparseVolumeStore InMemory(int blockSize = DefaultBlockSize) => new(new MemoryBlockPool(Checked(blockSize)));

    /// <summary>Bytes in one sparse file in the folder; what an earlier run left there is overwritten.</summary>
    public static SparseVolumeStore InDirectory(string directory, int blockSize = DefaultBlockSize)
    {
        Directory.CreateDirectory(directory);
        return new(new FileBlockPool(Path.Combine(directory, "blocks.bin"), Checked(blockSize)));
    }

    /// <summary>A volume of zeros.</summary>
    public SparseVolume Create(long length) => new(pool, length);

    /// <inheritdoc />
    public void Dispose() => pool.Dispose();

    private static int Checked(int blockSize) => blockSize >= 4096 && int.IsPow2(blockSize)
        ? blockSize
        : throw new ArgumentOutOfRangeException(nameof(blockSize), blockSize, "The block size is a power of two of at least 4096 bytes.");
}
