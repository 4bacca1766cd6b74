using System.Diagnostics;
using System.Text.Json;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>A phase of the recovery in a process of its own, which tells by lines what it has reached. It ends with this object, by SIGKILL if it still runs.</summary>
internal sealed class BenchChild : IAsyncDisposable
{
    private readonly Process _process;

    private BenchChild(Process process) => _process = process;

    /// <summary>Both are 0 when it has ended.</summary>
    public TimeSpan Processor => _process.HasExited ? default : _process.TotalProcessorTime;

    public long PeakMiB
    {
        get
        {
            _process.Refresh();
            return _process.HasExited ? 0 : _process.PeakWorkingSet64 / (1 << 20);
        }
    }

    public static BenchChild Start(string phase, int instances, BenchPlace place)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(BenchChild).Assembly.Location);
        foreach (var argument in (string[])["engine-child", phase, FormattableString.Invariant($"{instances}")])
            start.ArgumentList.Add(argument);
        start.Environment[RecoveryChild.PlaceVariable] = JsonSerializer.Serialize(place);
        return new BenchChild(Process.Start(start)!);
    }

    public async Task LineAsync(string expected, CancellationToken cancellation)
    {
        if (await _process.StandardOutput.ReadLineAsync(cancellation) is var line && line != expected)
            throw new InvalidOperationException($"The process ended or said '{line}' where '{expected}' was awaited.");
    }

    public Task EndedAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
