using System.Diagnostics;
using System.Text.Json;

namespace SnapshotWorkflows.Tests.Nodes;

/// <summary>A node as a process of its own, started as a service manager does and killed as nobody should.</summary>
internal sealed class NodeProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly List<string> _said;

    private NodeProcess(Process process, Uri address, List<string> said) => (_process, Address, _said) = (process, address, said);

    public Uri Address { get; }

    public string Said
    {
        get
        {
            lock (_said)
                return string.Join('\n', _said.TakeLast(40));
        }
    }

    /// <summary>Ends with the process.</summary>
    public Task Ended => _process.WaitForExitAsync();

    /// <summary>Writes host.json and local.settings.json, starts the node and waits until it listens.</summary>
    /// <param name="folder">Holds both, and the node's state.</param>
    public static async Task<NodeProcess> StartAsync(string folder, NodeSettings settings)
    {
        var (process, said, address) = await RunAsync(folder, settings);
        return new NodeProcess(process, await address.WaitAsync(s_patience), said);
    }

    /// <summary>A start that is to fail.</summary>
    /// <returns>The exit code, and everything that was said on standard error.</returns>
    public static async Task<(int ExitCode, string Error)> FailAsync(string folder, NodeSettings settings)
    {
        var (process, said, address) = await RunAsync(folder, settings);
        using (process)
        {
            var first = await Task.WhenAny(address, process.WaitForExitAsync()).WaitAsync(s_patience);
            if (first == address && address.IsCompletedSuccessfully)
            {
                process.Kill();
                throw new InvalidOperationException("The node has started.");
            }
            await process.WaitForExitAsync();
            lock (said)
                return (process.ExitCode, string.Join('\n', said));
        }
    }

    private static async Task<(Process Process, List<string> Said, Task<Uri> Address)> RunAsync(string folder, NodeSettings settings)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "host.json"), settings.HostJson);
        var values = new Dictionary<string, string>(settings.Values) { ["Node:StatePath"] = Path.Combine(folder, "state"), ["Node:Version"] = settings.Version };
        await File.WriteAllTextAsync(Path.Combine(folder, "local.settings.json"), JsonSerializer.Serialize(new { IsEncrypted = false, Values = values }));
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "SnapshotWorkflows.Tests.Node.dll"), "--port", "0", "--settings-root", folder])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        start.Environment["DOTNET_TieredPGO"] = "0";
        var process = Process.Start(start)!;
        var said = new List<string>();
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => address.TrySetException(new InvalidOperationException($"The node ended by itself: {string.Join('\n', said)}"));
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return (process, said, address.Task);

        void Take(string? line)
        {
            if (line is null)
                return;
            lock (said)
                said.Add(line);
            if (line.StartsWith("listening ", StringComparison.Ordinal))
                address.TrySetResult(new Uri(line["listening ".Length..]));
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP or SIGCONT: it sleeps, or wakes.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
