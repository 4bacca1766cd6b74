using System.Runtime.InteropServices;
using SnapshotWorkflows.Simulators;
using SnapshotWorkflows.Simulators.World;

ProgramOptions options;
try
{
    if (args is ["--help" or "-h"])
    {
        Console.WriteLine(ProgramOptions.Usage);
        return 0;
    }

    options = ProgramOptions.Parse(args);
}
catch (ArgumentException mistake)
{
    await Console.Error.WriteLineAsync($"{mistake.Message}\n\n{ProgramOptions.Usage}");
    return 2;
}

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    // The process ends by returning, after the servers are closed.
    signal.Cancel = true;
    stop.Cancel();
}

using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    await using var world = await RunningWorld.StartAsync(options, TimeProvider.System);
    Console.WriteLine($"ready {world.Endpoints.Control}");
    await world.RunAsync(stop.Token);
    return 0;
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"The simulators cannot run in {options.StatePath}: {failure.Message}");
    return 1;
}
