using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.App.Settings;
using SnapshotWorkflows.App.Watchdog;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.App.Commands;

/// <summary>Runs the watchdog of paused machines until it is told to stop. Needs the pools' settings and the state path, and neither hub nor catalog.</summary>
internal static class Watch
{
    public static Task<int> RunAsync(string[] args, HostSurroundings? surroundings = null) => CommandRun.DoAsync(args, surroundings, async run =>
    {
        run.Review("SnapshotWorkflows", XenServerOptions.Section, "Quiesce");
        Composition.MakeStateFolder(run.State);
        await using var services = Services(run.Settings);
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        var watchdog = services.GetRequiredService<PauseWatchdog>();
        await run.Output.WriteLineAsync($"guarding {services.GetRequiredService<IOptions<PauseOptions>>().Value.Folder}");
        await watchdog.RunAsync(stop.Token);
        return HostExitCodes.Success;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    });

    internal static ServiceProvider Services(IConfiguration settings)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddSimpleConsole(console => console.SingleLine = true));
        services.AddSingleton(TimeProvider.System);
        services.AddXenServer(settings.GetSection(XenServerOptions.Section));
        services.AddRescues();
        services.AddOptions<InstallationOptions>().Bind(settings.GetSection("SnapshotWorkflows")).ValidateAnnotations();
        services.AddSingleton<Marker>();
        services.AddPause(settings);
        services.AddSingleton<PauseWatchdog>();
        return services.BuildServiceProvider();
    }
}
