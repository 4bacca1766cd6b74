using SnapshotWorkflows.Lab.Processes;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>Simulators and app, each a process of its own, in one run's folder. Disposing stops them; <see cref="LeaveRunningAsync"/> does not.</summary>
internal sealed class LabWorld : IAsyncDisposable
{
    private readonly Reaper _reaper;
    private bool _left;

    private LabWorld(RunFolder folder, Reaper reaper, LabSimulators simulators, LabBlobs? blobs, LabApp app)
    {
        (Folder, _reaper, Simulators, Blobs, App) = (folder, reaper, simulators, blobs, app);
        Secondary = blobs ?? (ILabStore)new LabFolderStore(Store);
    }

    public RunFolder Folder { get; }

    public LabSimulators Simulators { get; }

    /// <summary>Azurite, in a run that copies into blobs.</summary>
    public LabBlobs? Blobs { get; }

    /// <summary>Where the app copies to by default.</summary>
    public ILabStore Secondary { get; }

    public LabApp App { get; }

    /// <summary>Master key of the run's repository of chunks, where that is encrypted.</summary>
    public byte[]? ChunkKey { get; private init; }

    /// <summary>Its id in the settings.</summary>
    public const string ChunkKeyId = "lab";

    public SimulatorControl Control => Simulators.Control;

    /// <summary>Folder that stands in for the NFS export of secondary storage.</summary>
    public string Store => Simulators.Endpoints.Nfs.Path;

    public IEnumerable<string> Logs => [App.Process?.Log ?? "", Simulators.Process.Log, .. Blobs is null ? Array.Empty<string>() : [Blobs.Process.Log]];

    public static Task<LabWorld> StartAsync(RunFolder folder, string xenServer, long copyRate, CancellationToken cancellation) =>
        StartAsync(folder, new RunOptions { XenServer = xenServer }, copyRate, cancellation);

    public static async Task<LabWorld> StartAsync(RunFolder folder, RunOptions options, long copyRate, CancellationToken cancellation)
    {
        var reaper = new Reaper(folder.File("children"));
        LabSimulators? simulators = null;
        LabBlobs? blobs = null;
        try
        {
            simulators = await LabSimulators.StartAsync(folder, options.XenServer, copyRate, reaper, cancellation, options.Arrays);
            if (options.Blob) blobs = await LabBlobs.StartAsync(folder, IsHeldUp(options) ? copyRate / (options.Format == "chunks" ? ChunksAreSmaller : 1) : null, reaper, cancellation);
            var key = options.Encrypt ? System.Security.Cryptography.RandomNumberGenerator.GetBytes(32) : null;
            var app = await LabApp.StartAsync(folder, "app", simulators.Endpoints, StoreSettings(options, blobs, copyRate, key), changes: null, reaper, cancellation);
            return new LabWorld(folder, reaper, simulators, blobs, app) { ChunkKey = key };
        }
        catch
        {
            if (blobs is not null) await blobs.DisposeAsync();
            if (simulators is not null) await simulators.DisposeAsync();
            await reaper.DisposeAsync();
            throw;
        }
    }

    /// <summary>By so much less is sent than is read: a limit of what is sent must be tighter to hold the reading up.</summary>
    private const int ChunksAreSmaller = 4;

    /// <summary>A store is as fast as the disk: bytes through the app that are to be caught in their middle by progress alone are slowed down by the product's own limit.</summary>
    private static bool IsHeldUp(RunOptions options) => options.Kill && (options.Restore || (options.Streams && KillPlan.Snapshot(options).Reads == 0));

    private static Dictionary<string, string> StoreSettings(RunOptions options, LabBlobs? blobs, long copyRate, byte[]? key)
    {
        var settings = new Dictionary<string, string>(blobs?.Settings ?? new Dictionary<string, string>());
        if (blobs is null && IsHeldUp(options)) settings["Secondary:Destinations:0:Throttle:BytesPerSecond"] = copyRate.ToString();
        if (key is not null) settings[$"Secondary:Destinations:{(blobs is null ? 0 : LabBlobs.Destination)}:Chunks:Keys:{ChunkKeyId}"] = Convert.ToBase64String(key);
        return settings;
    }

    /// <summary>A second app on the same simulators, with its own state and one setting of its own.</summary>
    public Task<LabApp> StartAnotherAppAsync(string name, string setting, string value, CancellationToken cancellation) =>
        StartAnotherAppAsync(name, new Dictionary<string, string> { [setting] = value }, cancellation);

    /// <summary>A second app on the same simulators, with its own state and settings of its own.</summary>
    public Task<LabApp> StartAnotherAppAsync(string name, IReadOnlyDictionary<string, string> changes, CancellationToken cancellation) =>
        LabApp.StartAsync(Folder, name, Simulators.Endpoints, Secondary.Settings, changes, _reaper, cancellation);

    public async Task LeaveRunningAsync()
    {
        _left = true;
        await Folder.KeepAsync([App.Process!.Id, Simulators.Process.Id, .. Blobs is null ? Array.Empty<int>() : [Blobs.Process.Id]]);
        await App.Process.LeaveRunningAsync();
        await Simulators.Process.LeaveRunningAsync();
        if (Blobs is not null) await Blobs.Process.LeaveRunningAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_left)
        {
            // The app first: it still has its appliances while it stops.
            await App.DisposeAsync();
            await Simulators.DisposeAsync();
            if (Blobs is not null) await Blobs.DisposeAsync();
        }

        await _reaper.DisposeAsync();
    }
}
