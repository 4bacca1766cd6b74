using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Crash.Explorer;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>A snapshot that was taken once, for worlds by the hundred: its files on the store and the catalog that knows it.</summary>
internal sealed class TakenCopy
{
    private static readonly SemaphoreSlim s_gate = new(1, 1);
    private static TakenCopy? s_taken;

    private readonly List<(string Name, byte[] Bytes)> _files;

    private TakenCopy(RequestKey key, List<(string Name, byte[] Bytes)> files) => (Key, _files) = (key, files);

    public RequestKey Key { get; }

    public static async Task<TakenCopy> GetAsync(CancellationToken cancellation)
    {
        await s_gate.WaitAsync(cancellation);
        try
        {
            return s_taken ??= await TakeAsync(cancellation);
        }
        finally
        {
            s_gate.Release();
        }
    }

    /// <summary>A world in which it lies on the store, and nothing of its making is left.</summary>
    public CrashWorld NewWorld(WorldOptions? options = null)
    {
        var world = new CrashWorld(options ?? new WorldOptions { CopyBytesPerSecond = null });
        foreach (var (name, bytes) in _files)
        {
            var path = Path.Combine(world.Folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }

        return world;
    }

    private static async Task<TakenCopy> TakeAsync(CancellationToken cancellation)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        RequestKey key;
        await using (var life = new Life(world, CrashSwitch.Never))
            key = new RequestKey((await life.RunAsync(cancellation)).InstanceId);
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        return new TakenCopy(key, [.. Directory.GetFiles(world.Folder, "*", SearchOption.AllDirectories)
            .Select(path => (Path.GetRelativePath(world.Folder, path), path))
            .Where(file => file.Item1.StartsWith("nfs", StringComparison.Ordinal) || file.Item1.StartsWith("catalog.db", StringComparison.Ordinal))
            .Where(file => !file.Item1.EndsWith(".lock", StringComparison.Ordinal) && !file.Item1.EndsWith("-shm", StringComparison.Ordinal))
            .Select(file => (file.Item1, File.ReadAllBytes(file.path)))]);
    }
}
