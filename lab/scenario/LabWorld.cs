using SnapshotWorkflows.Lab.Processes;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>Simulators and app, each a process of its own, in one run's folder. Disposing stops them; <see cref="LeaveRunningAsync"/> does not.</summary>
internal sealed class LabWorld : IAsyncDisposable
{
    private readonly Reaper _reaper;
    private bool _left;

    private LabWorld(RunFolder folder, Reaper reaper, LabSimulators simulators, LabApp app) =>
        (Folder, _reaper, Simulators, App) = (folder, reaper, simulators, app);

    public RunFolder Folder { get; }

    public LabSimulators Simulators { get; }

    public LabApp App { get; }

    public SimulatorControl Control => Simulators.Control;

    /// <summary>Folder that stands in for the NFS export of secondary storage.</summary>
    public string Store => Simulators.Endpoints.Nfs.Path;

    public IEnumerable<string> Logs => [App.Process?.Log ?? "", Simulators.Process.Log];

    public static async Task<LabWorld> StartAsync(RunFolder folder, string xenServer, long copyRate, CancellationToken cancellation)
    {
        var reaper = new Reaper(folder.File("children"));
        LabSimulators? simulators = null;
        try
        {
            simulators = await LabSimulators.StartAsync(folder, xenServer, copyRate, reaper, cancellation);
            var app = await LabApp.StartAsync(folder, "app", simulators.Endpoints, changes: null, reaper, cancellation);
            return new LabWorld(folder, reaper, simulators, app);
        }
        catch
        {
            if (simulators is not null) await simulators.DisposeAsync();
            await reaper.DisposeAsync();
            throw;
        }
    }

    /// <summary>A second app on the same simulators, with its own state and one setting of its own.</summary>
    public Task<LabApp> StartAnotherAppAsync(string name, string setting, string value, CancellationToken cancellation) =>
        LabApp.StartAsync(Folder, name, Simulators.Endpoints, new Dictionary<string, string> { [setting] = value }, _reaper, cancellation);

    public async Task LeaveRunningAsync()
    {
        _left = true;
        await Folder.KeepAsync([App.Process!.Id, Simulators.Process.Id]);
        await App.Process.LeaveRunningAsync();
        await Simulators.Process.LeaveRunningAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_left)
        {
            // The app first: it still has its appliances while it stops.
            await App.DisposeAsync();
            await Simulators.DisposeAsync();
        }

        await _reaper.DisposeAsync();
    }
}
