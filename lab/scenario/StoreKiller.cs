namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>Kills the app the moment something happens in the store's folder: told by the kernel, not by the product, and drawn from a seed.</summary>
internal sealed class StoreKiller : IDisposable
{
    /// <summary>The way of a deletion, in its order.</summary>
    private static readonly (string Moment, string Filter, WatcherChangeTypes Change)[] s_deletion =
    [
        ("the tombstone stands", "*.tombstone.json", WatcherChangeTypes.Created),
        ("the manifest is gone", "*.manifest.json", WatcherChangeTypes.Deleted),
        ("the data is gone", "*.vhd", WatcherChangeTypes.Deleted),
        ("the tombstone is gone", "*.tombstone.json", WatcherChangeTypes.Deleted),
    ];

    private readonly FileSystemWatcher _watcher;
    private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LabApp _app;
    private readonly Screen _screen;
    private readonly string _moment;

    private StoreKiller(string store, (string Moment, string Filter, WatcherChangeTypes Change) moment, LabApp app, Screen screen)
    {
        (_app, _screen, _moment) = (app, screen, moment.Moment);
        _watcher = new FileSystemWatcher(store, moment.Filter) { IncludeSubdirectories = true };
        if (moment.Change == WatcherChangeTypes.Deleted)
        {
            _watcher.Deleted += (_, _) => _seen.TrySetResult();
        }
        else
        {
            // Written under another name, and renamed when whole.
            _watcher.Created += (_, _) => _seen.TrySetResult();
            _watcher.Renamed += (_, _) => _seen.TrySetResult();
        }

        _watcher.EnableRaisingEvents = true;
    }

    /// <summary>Watches from now on for one moment of a deletion.</summary>
    public static StoreKiller OfDeletion(LabWorld world, int seed, Screen screen) => new(world.Store, s_deletion[new Random(seed).Next(s_deletion.Length)], world.App, screen);

    public bool Seen => _seen.Task.IsCompleted;

    /// <summary>Waits for the moment, kills and starts again.</summary>
    public async Task KillAsync(CancellationToken cancellation)
    {
        try
        {
            await _seen.Task.WaitAsync(Wait.Patience, cancellation);
        }
        catch (TimeoutException)
        {
            throw new LabException($"The moment of the kill has not come: {_moment}.", _app.Process!.Log);
        }

        await _app.Process!.KillAsync();
        _screen.Line($"SIGKILL when on the store {_moment}; it is started again on the same state");
        await _app.StartAsync(cancellation);
    }

    public void Dispose() => _watcher.Dispose();
}
