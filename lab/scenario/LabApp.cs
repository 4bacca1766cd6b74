using System.Text.Json;
using SnapshotWorkflows.Lab.Processes;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>The product as a process of its own, configured by environment variables only. Killed and started again on the same state and port.</summary>
internal sealed class LabApp : IAsyncDisposable
{
    /// <summary>Of CloudStack's webhook in the lab.</summary>
    public const string WebhookSecret = "lab-webhook";

    private readonly RunFolder _folder;
    private readonly Reaper _reaper;
    private readonly Dictionary<string, string> _environment;
    private readonly string _name;
    private readonly string _state;
    private readonly int _port;
    private readonly bool _mustBeReady;
    private readonly string _program;

    private LabApp(RunFolder folder, string name, Endpoints endpoints, IReadOnlyDictionary<string, string> store, IReadOnlyDictionary<string, string>? changes, Reaper reaper, string? program)
    {
        _program = program ?? Checkout.App;
        // With settings that were changed on purpose an appliance or store may well be called not ready.
        (_folder, _name, _reaper, _mustBeReady) = (folder, name, reaper, changes is null);
        _state = folder.MakeFolder(name);
        _environment = Environment(endpoints, store, changes, _state);
        _port = FreePort.Next();
        Api = new SnapshotApi(new Uri($"http://127.0.0.1:{_port}"));
    }

    public SnapshotApi Api { get; }

    public ChildProcess? Process { get; private set; }

    /// <summary>By how much its clock is ahead of the world's from the next start on: libfaketime shows a process another time of day.</summary>
    public TimeSpan Ahead { get; set; }

    /// <summary>Where the access keys lie; made by the product at its first start.</summary>
    public string KeyFile => Path.Combine(_state, "secrets", "host.json");

    /// <param name="store">Settings of the run's store.</param>
    /// <param name="changes">Settings that differ from the lab's own, by their names with colons.</param>
    /// <param name="program">The app's assembly; null for that of the same build.</param>
    public static async Task<LabApp> StartAsync(
        RunFolder folder, string name, Endpoints endpoints, IReadOnlyDictionary<string, string> store, IReadOnlyDictionary<string, string>? changes, Reaper reaper, CancellationToken cancellation, string? program = null)
    {
        var app = new LabApp(folder, name, endpoints, store, changes, reaper, program);
        try
        {
            await app.StartAsync(cancellation);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async Task StartAsync(CancellationToken cancellation)
    {
        string[] arguments = ["serve", "--port", _port.ToString(), "--settings-root", Checkout.Root];
        Process = await ChildProcess.StartAsync("app", _program, arguments, Ahead == TimeSpan.Zero ? _environment : FakeTime.Add(_environment, Ahead), _folder.Log(_name), _reaper);
        await Wait.UntilAsync("The app is not ready", () => Api.AnswersAsync(_mustBeReady ? "/readyz" : "/healthz", cancellation), Process, cancellation);
        using var keys = JsonDocument.Parse(await File.ReadAllBytesAsync(KeyFile, cancellation));
        Api.Key = keys.RootElement.GetProperty("functionKeys")[0].GetProperty("value").GetString();
    }

    /// <summary>The watchdog of paused machines, beside the app and with the same settings.</summary>
    public async Task<ChildProcess> StartWatchdogAsync() =>
        await ChildProcess.StartAsync("watchdog", _program, ["watchdog", "--settings-root", Checkout.Root], _environment, _folder.Log($"{_name}-watchdog"), _reaper);

    /// <summary>One of the program's commands, with the app's settings: its exit code and all it printed.</summary>
    public async Task<(int Code, string Output)> CommandAsync(CancellationToken cancellation, params string[] arguments)
    {
        var log = _folder.Log($"{_name}-command-{Guid.NewGuid():N}");
        await using var command = await ChildProcess.StartAsync("command", _program, [.. arguments, "--settings-root", Checkout.Root], _environment, log, _reaper);
        var code = await command.EndAsync(cancellation);
        return (code, await File.ReadAllTextAsync(log, cancellation));
    }

    /// <summary>The surface with the master key, which opens the host's and the framework's own routes too.</summary>
    public async Task<SnapshotApi> MasterAsync(CancellationToken cancellation)
    {
        using var keys = JsonDocument.Parse(await File.ReadAllBytesAsync(KeyFile, cancellation));
        return new SnapshotApi(Api.Address) { Key = keys.RootElement.GetProperty("masterKey").GetProperty("value").GetString() };
    }

    /// <summary>The state folder: catalog, hub, keys.</summary>
    public string State => _state;

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        if (Process is not null) await Process.DisposeAsync();
    }

    private static Dictionary<string, string> Environment(Endpoints endpoints, IReadOnlyDictionary<string, string> store, IReadOnlyDictionary<string, string>? changes, string state)
    {
        var settings = new Dictionary<string, string>
        {
            ["SnapshotWorkflows:Installation"] = "lab",
            ["SnapshotWorkflows:StatePath"] = state,
            ["SolidFire:Endpoint"] = endpoints.Solidfire.Endpoint,
            ["SolidFire:Username"] = endpoints.Solidfire.Username,
            ["SolidFire:Password"] = endpoints.Solidfire.Password,
            ["SolidFire:CertificateSha256"] = endpoints.Solidfire.CertificateSha256,
            ["XenServer:CopyPool"] = "backup",
            ["CloudStack:Endpoint"] = endpoints.Cloudstack.Endpoint,
            ["CloudStack:ApiKey"] = endpoints.Cloudstack.ApiKey,
            ["CloudStack:SecretKey"] = endpoints.Cloudstack.SecretKey,
            ["CloudStack:CertificateSha256"] = endpoints.Cloudstack.CertificateSha256,
            ["CloudStack:Webhook:Secret"] = WebhookSecret,
            ["Secondary:DefaultDestination"] = "nfs",
            ["Secondary:Destinations:0:Name"] = "nfs",
            ["Secondary:Destinations:0:Kind"] = "nfs",
            ["Secondary:Destinations:0:Path"] = endpoints.Nfs.Path,
            ["Secondary:Destinations:0:Server"] = endpoints.Nfs.Server,
            ["Secondary:Destinations:0:Export"] = endpoints.Nfs.Export,
            // The folder stands in for a mount; on a real machine the product refuses to write to a path that is not mounted.
            ["Secondary:Destinations:0:RequireMount"] = "false",
            ["Quiesce:Hook:Url"] = endpoints.Hook.Endpoint,
            ["Quiesce:Hook:Token"] = endpoints.Hook.Token,
        };
        if (endpoints.SecondSolidfire is { } second)
        {
            settings["SolidFire:Arrays:0:Name"] = "second";
            settings["SolidFire:Arrays:0:Endpoint"] = second.Endpoint;
            settings["SolidFire:Arrays:0:Username"] = second.Username;
            settings["SolidFire:Arrays:0:Password"] = second.Password;
            settings["SolidFire:Arrays:0:CertificateSha256"] = second.CertificateSha256;
        }

        foreach (var (i, pool) in endpoints.Xenserver.Index())
        {
            settings[$"XenServer:Pools:{i}:Name"] = pool.Name!;
            settings[$"XenServer:Pools:{i}:Endpoint"] = pool.Endpoint;
            settings[$"XenServer:Pools:{i}:Username"] = pool.Username;
            settings[$"XenServer:Pools:{i}:Password"] = pool.Password;
            settings[$"XenServer:Pools:{i}:CertificateSha256"] = pool.CertificateSha256;
        }

        foreach (var (name, value) in store) settings[name] = value;
        foreach (var (name, value) in changes ?? new Dictionary<string, string>()) settings[name] = value;
        return settings.ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => setting.Value);
    }
}
