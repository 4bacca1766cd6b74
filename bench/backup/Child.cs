using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>What a child process used and did.</summary>
/// <param name="Cpu">Seconds, user and system, from its start on.</param>
/// <param name="PeakMemory">MiB resident at most.</param>
/// <param name="Sent">Bytes that went to the store.</param>
internal sealed record PhaseResult(double Cpu, double Wall, double PeakMemory, long Sent, string? Root);

/// <summary>Each phase runs in a process of its own, so that its processor time and memory are its own.</summary>
internal static class Child
{
    public static Process Start(string phase, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(Child).Assembly.Location);
        // As the app's own settings have it (hexadecimal): in a process of seconds hardly anything is hot.
        start.Environment["DOTNET_TC_CallCountThreshold"] = "1000";
        foreach (var argument in (string[])["backup-phase", "--phase", phase, .. arguments])
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    public static async Task<PhaseResult> RunAsync(string phase, IEnumerable<string> arguments)
    {
        using var process = Start(phase, arguments);
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? JsonSerializer.Deserialize<PhaseResult>(output)! : throw new InvalidOperationException($"The phase '{phase}' failed: {output}");
    }

    /// <summary>Called by the child at its end.</summary>
    public static PhaseResult Result(long sent, string? root)
    {
        using var self = Process.GetCurrentProcess();
        self.Refresh();
        var peak = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var kibibytes = double.Parse(peak[^2].Split('\t')[^1], CultureInfo.InvariantCulture);
        return new PhaseResult(self.TotalProcessorTime.TotalSeconds, (TimeProvider.System.GetUtcNow().UtcDateTime - self.StartTime.ToUniversalTime()).TotalSeconds, kibibytes / 1024, sent, root);
    }
}
