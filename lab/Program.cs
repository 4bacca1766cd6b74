using System.Runtime.InteropServices;
using SnapshotWorkflows.Lab.Image;
using SnapshotWorkflows.Lab.Processes;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Lab;

/// <summary>What <c>./run</c> starts once everything is built.</summary>
internal static class Program
{
    private const int ImageSeed = 1;

    private static async Task<int> Main(string[] args)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        var screen = new Screen(Console.Out, isTerminal: !Console.IsOutputRedirected);
        try
        {
            await RunAsync(RunOptions.Parse(args), screen, stop.Token);
            return 0;
        }
        catch (UsageException error)
        {
            await Console.Error.WriteLineAsync($"{error.Message} ./run --help shows what there is.");
            return 2;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            screen.Plain("stopped; all that was started is stopped too");
            return 130;
        }
        catch (LabException error)
        {
            screen.Plain("");
            await Console.Error.WriteLineAsync($"FAILED: {error.Message}");
            foreach (var look in error.Look) await Console.Error.WriteLineAsync($"  {look}");
            return 1;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task RunAsync(RunOptions options, Screen screen, CancellationToken cancellation)
    {
        var root = Path.Combine(Checkout.Root, ".state", "run");
        foreach (var used in RunFolder.Sweep(root, images: options.Clean)) screen.Line($"{used} is still in use and stays");
        await using var folder = RunFolder.Create(root);
        screen.Line($"state in {folder.Path}");

        var imagePath = Path.Combine(Directory.CreateDirectory(RunFolder.Images(root)).FullName, $"disk-{options.DiskBytes >> 20}-mib.img");
        var image = await DiskImage.EnsureAsync(imagePath, options.DiskBytes, ImageSeed, cancellation);
        screen.Line($"disk image of {options.DiskBytes >> 20} MiB: a FAT32 partition with {image.Files.Count + 1} files, {image.Files.Sum(file => file.Bytes) >> 20} MiB, and holes");

        await using var world = await LabWorld.StartAsync(folder, options, options.CopyRate, cancellation);
        screen.Line($"simulators listen: array, pools {string.Join(" and ", world.Simulators.Endpoints.Xenserver.Select(pool => pool.Name))} (XenServer {options.XenServer}), CloudStack; control {world.Control.Address}");
        if (world.Blobs is { } blobs) screen.Line($"Azurite listens: {blobs.Address} (process {blobs.Process.Id})");
        screen.Line($"app listens: {world.App.Api.Address} (process {world.App.Process!.Id})");

        if (options.Group)
        {
            var group = await new GroupScenario(world, options, screen).RunAsync(image, imagePath, cancellation);
            if (options.Keep)
            {
                await world.LeaveRunningAsync();
                PrintHowToLook(world, $"groups/{group.Id}", screen);
            }

            screen.Plain($"Group BackedUp and verified: {group.Members.Count} volumes of one instant (snapshot = secondary for each), {screen.Elapsed.TotalSeconds:0.0} s");
            return;
        }

        if (options.Policy || options.Webhook || options.Arrays > 1)
        {
            var told = options.Arrays > 1 ? await new ArraysScenario(world, screen).RunAsync(imagePath, cancellation) : options.Policy ? await new PolicyScenario(world, options, screen).RunAsync(imagePath, cancellation) : await new WebhookScenario(world, options, screen).RunAsync(imagePath, cancellation);
            screen.Plain($"{told}, {screen.Elapsed.TotalSeconds:0.0} s");
            return;
        }

        var outcome = await new SnapshotScenario(world, options, screen).RunAsync(image, imagePath, cancellation);

        if (options.Restore) await new RestoreScenario(world, options, screen).RunAsync(outcome, imagePath, cancellation);

        screen.Line("manifest");
        foreach (var line in await File.ReadAllLinesAsync(outcome.Manifest, cancellation)) screen.Plain("    " + line);
        screen.Plain($"    status    {world.App.Api.Address}api/snapshots/{outcome.Status.Id}");
        screen.Plain($"    vhd       {outcome.Vhd}");
        screen.Plain($"    manifest  {outcome.Manifest}");
        if (options.Keep)
        {
            await world.LeaveRunningAsync();
            PrintHowToLook(world, $"snapshots/{outcome.Status.Id}", screen);
        }

        if (options.Restore) screen.Plain($"Restored and proven: sha256 {outcome.Sha256} (snapshot = secondary = new volume = filled volume), {screen.Elapsed.TotalSeconds:0.0} s");
        else screen.Plain($"BackedUp and verified: sha256 {outcome.Sha256} (snapshot = secondary = restored), {screen.Elapsed.TotalSeconds:0.0} s, stalled {outcome.StalledMs:0} ms");
    }

    private static void PrintHowToLook(LabWorld world, string what, Screen screen)
    {
        screen.Plain("everything is still running; to look at it:");
        screen.Plain($"    key=$(grep -A4 functionKeys {world.App.KeyFile} | sed -n 's/.*\"value\": *\"\\([^\"]*\\)\".*/\\1/p')");
        screen.Plain($"    curl -H \"x-functions-key: $key\" {world.App.Api.Address}api/{what}");
        screen.Plain($"    curl {world.Control.Address}inventory");
        screen.Plain($"    tail -f {string.Join(' ', world.Logs)}");
        screen.Plain($"to stop it:  kill {world.App.Process!.Id} {world.Simulators.Process.Id}");
    }
}
