using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>What a world keeps in its folder: rows, blocks, secrets, the NFS export. One process at a time.</summary>
internal sealed class WorldFolder : IDisposable
{
    private readonly FileStream _lock;

    private readonly bool _forgets;

    /// <param name="forgets">Nothing is kept for a later process.</param>
    /// <exception cref="IOException">Another process runs in the folder, or something is kept there that is not to be.</exception>
    public WorldFolder(string path, bool forgets = false)
    {
        _forgets = forgets;
        Path = Directory.CreateDirectory(path).FullName;
        _lock = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        NfsPath = Directory.CreateDirectory(System.IO.Path.Combine(path, "nfs")).FullName;
        (State, Blocks) = Open(Path);
    }

    /// <summary>Rows and blocks of one more array; the caller's to dispose.</summary>
    public (SqliteStateStore? State, SparseVolumeStore Blocks) OpenArray(string name) => Open(Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName);

    public string Path { get; }

    /// <summary>Folder that stands for the export.</summary>
    public string NfsPath { get; }

    /// <summary>Null where nothing is kept.</summary>
    public SqliteStateStore? State { get; }

    public SparseVolumeStore Blocks { get; }

    public void Dispose()
    {
        Blocks.Dispose();
        State?.Dispose();
        _lock.Dispose();
    }

    private (SqliteStateStore? State, SparseVolumeStore Blocks) Open(string folder)
    {
        var (rows, blocks) = (System.IO.Path.Combine(folder, "state.db"), System.IO.Path.Combine(folder, "blocks"));
        if (!_forgets) return (new SqliteStateStore(rows), SparseVolumeStore.InDirectory(blocks));
        return File.Exists(rows) ? throw new IOException($"{folder} holds a world that is kept: --forget needs a folder of its own.") : (null, SparseVolumeStore.FoldedInDirectory(blocks));
    }
}
