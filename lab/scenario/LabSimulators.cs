using System.Text.Json;
using SnapshotWorkflows.Lab.Processes;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>Where the simulated appliances listen and how to log in, as the simulators write it down once they are ready.</summary>
internal sealed record Endpoints(
    Uri Control, ApplianceEndpoint Solidfire, IReadOnlyList<ApplianceEndpoint> Xenserver, CloudStackEndpoint Cloudstack, HookEndpoint Hook, NfsEndpoint Nfs)
{
    /// <summary>Null where there is one array alone.</summary>
    public ApplianceEndpoint? SecondSolidfire { get; init; }
}

internal sealed record ApplianceEndpoint(string? Name, string Endpoint, string Username, string Password, string CertificateSha256);

internal sealed record CloudStackEndpoint(string Endpoint, string ApiKey, string SecretKey, string CertificateSha256);

internal sealed record HookEndpoint(string Endpoint, string Token);

internal sealed record NfsEndpoint(string Server, string Export, string Path);

/// <summary>The simulators as a process of their own.</summary>
internal sealed class LabSimulators : IAsyncDisposable
{
    private LabSimulators(ChildProcess process, Endpoints endpoints)
    {
        (Process, Endpoints) = (process, endpoints);
        Control = new SimulatorControl(endpoints.Control);
    }

    public ChildProcess Process { get; }

    public Endpoints Endpoints { get; }

    public SimulatorControl Control { get; }

    /// <summary>Starts them and waits until they listen.</summary>
    /// <param name="copyRate">Bytes a second that a simulated host copies.</param>
    /// <param name="forget">They are never started again on the same folder.</param>
    public static async Task<LabSimulators> StartAsync(RunFolder folder, string xenServer, long copyRate, Reaper reaper, CancellationToken cancellation, int arrays = 1, bool forget = false)
    {
        var state = folder.MakeFolder("simulators");
        string[] arguments = ["--data", state, "--xenserver-version", xenServer, "--copy-rate", copyRate.ToString(), "--arrays", arrays.ToString(), .. forget ? new[] { "--forget" } : []];
        var process = await ChildProcess.StartAsync("simulators", Checkout.Simulators, arguments, new Dictionary<string, string>(), folder.Log("simulators"), reaper);
        try
        {
            var file = Path.Combine(state, "endpoints.json");
            await Wait.UntilAsync("The simulators are not ready", () => Task.FromResult(File.Exists(file)), process, cancellation);
            var endpoints = JsonSerializer.Deserialize<Endpoints>(await File.ReadAllBytesAsync(file, cancellation), JsonSerializerOptions.Web)!;
            return new LabSimulators(process, endpoints);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Control.Dispose();
        await Process.DisposeAsync();
    }
}
