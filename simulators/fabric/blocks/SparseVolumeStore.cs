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
    private readonly string? maps;
    private readonly Dictionary<string, SparseVolume> found = new(StringComparer.Ordinal);

    private SparseVolumeStore(BlockPool pool, string? maps)
    {
        this.pool = pool;
        this.maps = maps;
        if (maps is not null)
        {
            Directory.CreateDirectory(maps);
            LoadMaps(maps);
        }
    }

    public int BlockSize => pool.BlockSize;

    /// <summary>Blocks held by all volumes together, shared ones counted once.</summary>
    public long AllocatedBlocks => pool.LiveBlocks;

    /// <summary>Bytes in memory; cheap to make, gone with the object.</summary>
    public static SparseVolumeStore InMemory(int blockSize = DefaultBlockSize) => new(new MemoryBlockPool(Checked(blockSize)), null);

    /// <summary>
    /// Bytes in one sparse file in the folder, and a table of blocks for each device beside it. What an earlier process left is there
    /// again: <see cref="Open"/> every device that still means something, then call <see cref="RemoveUnopened"/>.
    /// </summary>
    public static SparseVolumeStore InDirectory(string directory, int blockSize = DefaultBlockSize)
    {
        Directory.CreateDirectory(directory);
        return new(new FileBlockPool(Path.Combine(directory, "blocks.bin"), Checked(blockSize)), Path.Combine(directory, "devices"));
    }

    /// <summary>Bytes in one sparse file in the folder, generated pages as their seeds; of no use after this process.</summary>
    public static SparseVolumeStore FoldedInDirectory(string directory, int blockSize = DefaultBlockSize)
    {
        Directory.CreateDirectory(directory);
        return new(new FoldedBlockPool(Path.Combine(directory, "blocks.bin"), Checked(blockSize)), null);
    }

    /// <summary>A volume of zeros.</summary>
    public SparseVolume Create(long length) => new(pool, maps, length, readOnly: false);

    /// <summary>A device of an earlier process by its <see cref="SparseVolume.Name"/>; null when there is none.</summary>
    public SparseVolume? Open(string name) => found.Remove(name, out var device) ? device : null;

    /// <summary>Gives back what nobody opened: devices whose owner was never saved, or was saved as gone.</summary>
    public void RemoveUnopened()
    {
        foreach (var device in found.Values)
        {
            device.Dispose();
        }

        found.Clear();
    }

    /// <inheritdoc />
    public void Dispose() => pool.Dispose();

    private void LoadMaps(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.partial"))
        {
            File.Delete(path);
        }

        foreach (var path in Directory.EnumerateFiles(folder, "*.map"))
        {
            var device = SparseVolume.Load(pool, folder, Path.GetFileNameWithoutExtension(path));
            found.Add(device.Name, device);
        }

        pool.Adopt(found.Values.SelectMany(device => device.Leaves()));
    }

    private static int Checked(int blockSize) => blockSize >= 4096 && int.IsPow2(blockSize)
        ? blockSize
        : throw new ArgumentOutOfRangeException(nameof(blockSize), blockSize, "The block size is a power of two of at least 4096 bytes.");
}
