using System.Runtime.InteropServices;
using System.Text.Json;
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
    Console.WriteLine($"ready {world.Endpoints.ReadyLine(options.DataPath)}");
    await world.RunAsync(stop.Token);
    var unfired = world.UnfiredFaults();
    foreach (var fault in unfired) await Console.Error.WriteLineAsync($"The planned fault never hit: {fault}");
    return unfired.Count == 0 ? 0 : 3;
}
catch (JsonException malformed)
{
    await Console.Error.WriteLineAsync($"{options.FaultsPath} is not a list of faults: {malformed.Message}");
    return 2;
}
catch (ArgumentException mistake)
{
    await Console.Error.WriteLineAsync($"{options.FaultsPath}: {mistake.Message}");
    return 2;
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"The simulators cannot run in {options.DataPath}: {failure.Message}");
    return 1;
}
