using System.Diagnostics;

namespace SnapshotWorkflows.Lab.Processes;

/// <summary>
/// A program of the build, started as a user would start it: its own process, session and log file. Nothing ties its standard streams
/// to the lab, so that it can go on when the lab leaves it running (<c>--keep</c>).
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    // The shell only redirects and is replaced by the program, so the process id is the program's own. A session of its own keeps the
    // terminal's Ctrl-C from it: the lab stops its children in order.
    private const string Start = """
        log=$1; shift
        if command -v setsid >/dev/null 2>&1; then exec setsid "$@" </dev/null >>"$log" 2>&1; fi
        exec "$@" </dev/null >>"$log" 2>&1
        """;

    private readonly Process _process;
    private readonly Reaper _reaper;

    private ChildProcess(string name, Process process, string log, Reaper reaper)
    {
        (Name, _process, Log, _reaper) = (name, process, log, reaper);
        Id = process.Id;
    }

    public string Name { get; }

    public int Id { get; }

    public string Log { get; }

    public bool HasExited => _process.HasExited;

    /// <param name="interpreter">What runs the program; null is the .NET runtime of this process.</param>
    public static async Task<ChildProcess> StartAsync(
        string name, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string log, Reaper reaper, string? interpreter = null)
    {
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = Path.GetDirectoryName(log)! };
        foreach (var argument in new[] { "-c", Start, "sh", log, Environment.ProcessPath ?? "dotnet" }) start.ArgumentList.Add(argument);
        // Under a test runner or an apphost the process is not `dotnet` itself.
        start.ArgumentList[^1] = Path.GetFileNameWithoutExtension(start.ArgumentList[^1]) == "dotnet" ? start.ArgumentList[^1] : "dotnet";
        if (interpreter is not null) start.ArgumentList[^1] = interpreter;
        start.ArgumentList.Add(program);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (key, value) in environment) start.Environment[key] = value;
        var process = Process.Start(start) ?? throw new LabException($"{name} could not be started.", log);
        await reaper.AddAsync(process.Id);
        return new ChildProcess(name, process, log, reaper);
    }

    /// <summary>Fails with the last line of its log when the program has ended by itself.</summary>
    public void ThrowIfExited()
    {
        if (!_process.HasExited) return;
        var last = File.Exists(Log) ? File.ReadLines(Log).LastOrDefault(line => line.Length > 0) : null;
        throw new LabException($"{Name} ended by itself with exit code {_process.ExitCode}: {last ?? "it said nothing"}", Log);
    }

    /// <summary>Waits until the program ends by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: no goodbye, no flush, no handler.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        await _reaper.RemoveAsync(Id);
    }

    /// <summary>SIGTERM, and SIGKILL when that has not helped after a while.</summary>
    public async Task StopAsync()
    {
        if (!_process.HasExited)
        {
            using var terminate = Process.Start("/bin/sh", ["-c", $"kill -TERM {Id} 2>/dev/null"]);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(8));
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                // Stopping slowly is a finding for its log, not a reason to leave it running.
            }
        }

        await KillAsync();
    }

    /// <summary>Lets go of a program that is to outlive the lab.</summary>
    public async Task LeaveRunningAsync()
    {
        await _reaper.RemoveAsync(Id);
        _process.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }
}
