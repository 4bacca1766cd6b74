using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>What a world keeps in its folder: rows, blocks, secrets, the NFS export. One process at a time.</summary>
internal sealed class WorldFolder : IDisposable
{
    private readonly FileStream _lock;

    /// <exception cref="IOException">Another process runs in the folder.</exception>
    public WorldFolder(string path)
    {
        Path = Directory.CreateDirectory(path).FullName;
        _lock = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        NfsPath = Directory.CreateDirectory(System.IO.Path.Combine(path, "nfs")).FullName;
        State = new SqliteStateStore(System.IO.Path.Combine(path, "state.db"));
        Blocks = SparseVolumeStore.InDirectory(System.IO.Path.Combine(path, "blocks"));
    }

    /// <summary>Rows and blocks of one more array; the caller's to dispose.</summary>
    public (SqliteStateStore State, SparseVolumeStore Blocks) OpenArray(string name)
    {
        var folder = Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;
        return (new SqliteStateStore(System.IO.Path.Combine(folder, "state.db")), SparseVolumeStore.InDirectory(System.IO.Path.Combine(folder, "blocks")));
    }

    public string Path { get; }

    /// <summary>Folder that stands for the export.</summary>
    public string NfsPath { get; }

    public SqliteStateStore State { get; }

    public SparseVolumeStore Blocks { get; }

    public void Dispose()
    {
        Blocks.Dispose();
        State.Dispose();
        _lock.Dispose();
    }
}
