namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>
/// State of one run: <c>.state/run/TIME-PID</c> in the checkout, beside the disk images that all runs share. A run's world is always new;
/// the next run removes the folders of runs that have ended, and leaves alone what another run, or one that was kept, still uses.
/// </summary>
internal sealed class RunFolder : IAsyncDisposable
{
    private const string KeptFile = "kept";
    private readonly FileStream _lock;

    private RunFolder(string path, FileStream @lock) => (Path, _lock) = (path, @lock);

    public string Path { get; }

    public static RunFolder Create(string root)
    {
        var path = System.IO.Path.Combine(root, $"{DateTime.Now:yyyyMMdd-HHmmss}-{Environment.ProcessId}");
        Directory.CreateDirectory(path);
        // The folder holds keys and passwords of this run.
        if (!OperatingSystem.IsWindows()) System.IO.File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new RunFolder(path, new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None));
    }

    /// <summary>Removes what ended runs left; with <paramref name="images"/> also the disk images, unless a run is using them.</summary>
    /// <returns>Folders that are still in use.</returns>
    public static IReadOnlyList<string> Sweep(string root, bool images)
    {
        if (!Directory.Exists(root)) return [];
        var used = new List<string>();
        foreach (var run in Directory.EnumerateDirectories(root).Where(path => path != Images(root)))
        {
            if (IsUsed(run)) used.Add(run);
            else Remove(run);
        }

        if (images && used.Count == 0 && Directory.Exists(Images(root))) Directory.Delete(Images(root), recursive: true);
        return used;
    }

    public static string Images(string root) => System.IO.Path.Combine(root, "images");

    public string MakeFolder(string name) => Directory.CreateDirectory(File(name)).FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Log(string name) => File(name + ".log");

    /// <summary>Notes the processes that stay behind, so that no later run takes the folder from under them.</summary>
    public Task KeepAsync(IEnumerable<int> ids) => System.IO.File.WriteAllLinesAsync(File(KeptFile), ids.Select(id => id.ToString()));

    public ValueTask DisposeAsync() => _lock.DisposeAsync();

    private static void Remove(string run)
    {
        try
        {
            Directory.Delete(run, recursive: true);
        }
        catch (IOException)
        {
            // Another run, started in the same moment, is sweeping it too; what both miss goes with the next one.
        }
    }

    private static bool IsUsed(string run)
    {
        var kept = System.IO.Path.Combine(run, KeptFile);
        if (System.IO.File.Exists(kept) && System.IO.File.ReadLines(kept).Any(id => Directory.Exists($"/proc/{id}"))) return true;
        try
        {
            using var held = new FileStream(System.IO.Path.Combine(run, "lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            // Another run has made its folder and not yet its lock, or someone put a folder here: not ours to take, unless it is old.
            return DateTime.UtcNow - Directory.GetCreationTimeUtc(run) < TimeSpan.FromMinutes(1);
        }
        catch (IOException)
        {
            return true;
        }
    }
}
