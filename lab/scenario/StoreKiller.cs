namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>Something that happens in the store's folder.</summary>
/// <param name="What">In words.</param>
/// <param name="Begins">How the name begins, relative to the store.</param>
/// <param name="Ends">How it ends.</param>
internal sealed record StoreMoment(string What, string Begins, string Ends, WatcherChangeTypes Change);

/// <summary>Kills the app the moment something happens in the store's folder: told by the kernel, not by the product, and drawn from a seed.</summary>
internal sealed class StoreKiller : IDisposable
{
    private readonly FileSystemWatcher _watcher;
    private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LabApp _app;
    private readonly Screen _screen;
    private readonly StoreMoment _moment;

    /// <summary>Watches from now on for one of the moments. A folder that is made meanwhile may be seen too late: what is to be watched lies in one that is there.</summary>
    public StoreKiller(string store, LabApp app, int seed, Screen screen, params IReadOnlyList<StoreMoment> moments)
    {
        (_app, _screen, _moment) = (app, screen, moments[new Random(seed).Next(moments.Count)]);
        _watcher = new FileSystemWatcher(store) { IncludeSubdirectories = true };
        if (_moment.Change == WatcherChangeTypes.Deleted)
        {
            _watcher.Deleted += Look;
        }
        else
        {
            // Written under another name, and renamed when whole.
            _watcher.Created += Look;
            _watcher.Renamed += Look;
        }

        _watcher.EnableRaisingEvents = true;
    }

    /// <summary>The way of a deletion, in its order.</summary>
    public static IReadOnlyList<StoreMoment> Deletion { get; } =
    [
        new("the tombstone stands", "swf/", ".tombstone.json", WatcherChangeTypes.Created),
        new("the manifest is gone", "swf/", ".manifest.json", WatcherChangeTypes.Deleted),
        new("the data is gone", "swf/", ".vhd", WatcherChangeTypes.Deleted),
        new("the tombstone is gone", "swf/", ".tombstone.json", WatcherChangeTypes.Deleted),
    ];

    /// <summary>What a collection deletes, in its order.</summary>
    public static IReadOnlyList<StoreMoment> Collection { get; } =
        [new("the first pack is gone", "swf/chunks/packs/", "", WatcherChangeTypes.Deleted), new("the first index is gone", "swf/chunks/indexes/", "", WatcherChangeTypes.Deleted)];

    public static StoreMoment Hold { get; } = new("the hold stands", "swf/", ".hold.json", WatcherChangeTypes.Created);

    public static StoreMoment Release { get; } = new("the hold is gone", "swf/", ".hold.json", WatcherChangeTypes.Deleted);

    public static StoreMoment LedgerBackup { get; } = new("the ledger's copy stands", "swf-ledger/", ".db", WatcherChangeTypes.Created);

    /// <summary>Watches from now on for one moment of a deletion.</summary>
    public static StoreKiller OfDeletion(LabWorld world, int seed, Screen screen) => new(world.Store, world.App, seed, screen, Deletion);

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
            throw new LabException($"The moment of the kill has not come: {_moment.What}.", _app.Process!.Log);
        }

        await _app.Process!.KillAsync();
        _screen.Line($"SIGKILL when on the store {_moment.What}; it is started again on the same state");
        await _app.StartAsync(cancellation);
    }

    public void Dispose() => _watcher.Dispose();

    private void Look(object watcher, FileSystemEventArgs happened)
    {
        if (happened.Name is { } name && name.StartsWith(_moment.Begins, StringComparison.Ordinal) && name.EndsWith(_moment.Ends, StringComparison.Ordinal)) _seen.TrySetResult();
    }
}
