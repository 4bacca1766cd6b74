using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>Client libraries that others wrote, unchanged, go through a disk's life on a simulated pool (tests/foreign/xenserver).</summary>
public sealed class ForeignXenApiTests
{
    [Theory]
    [InlineData("xen-api json", "8", 0)]
    [InlineData("xen-api xml", "8", 1)]
    [InlineData("xen-api json", "7.1", 1)]
    [InlineData("xen-api of 2019", "8.2", 1)]
    [InlineData("xmlrpc", "8", 0)]
    public async Task A_client_of_others_goes_through_a_disks_life(string kind, string version, int firstAsked)
    {
        await using var world = await Appliances.StartAsync(version);
        var pool = world.Pools["production"];
        // A member sends its caller on to the coordinator.
        var authority = world.AddressOf("production", pool.Hosts[firstAsked].Uuid);
        var folder = Folder();
        Assert.True(Directory.Exists(Path.Combine(folder, "node_modules")), "Run `npm ci` in tests/foreign/xenserver, or ./test, which does it.");
        var start = new ProcessStartInfo("node", ["lifecycle.mjs", kind]) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SWF_XAPI_URL"] = "https://" + authority;
        start.Environment["SWF_XAPI_PASSWORD"] = "pool-secret";
        start.Environment["SWF_NFS_SERVER"] = Appliances.NfsServer;
        start.Environment["SWF_NFS_PATH"] = Appliances.NfsExport;
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var said = process.StandardOutput.ReadToEndAsync(patience.Token);
        var complained = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        Assert.True(process.ExitCode == 0, $"{kind}: {await said}\n{await complained}");
        Assert.Empty(pool.Inventory().Srs);
        Assert.Empty(Directory.EnumerateFiles(world.NfsFolder, "*.vhd", SearchOption.AllDirectories));
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "foreign", "xenserver"));
}
