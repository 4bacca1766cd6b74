using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>A process with many workflows in flight, SIGKILL, another process on the same hub: the benchmark of recovery checks every instance, and this checks the benchmark.</summary>
public sealed class EngineKillTests
{
    [Fact]
    public async Task Killed_with_500_workflows_in_flight_every_one_ends_once_in_the_next_process()
    {
        var program = Path.Combine(CheckoutRoot(), "bench", "bin", Configuration, "net10.0", "SnapshotWorkflows.Bench.dll");
        using var bench = Process.Start(new ProcessStartInfo("dotnet", [program, "engine", "--hub", "sqlite", "--parts", "recovery", "--instances", "500", "--seconds", "0.2"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var errors = bench.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var figures = (await bench.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await bench.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(bench.ExitCode == 0, await errors);
        Assert.Contains("500 instances ended once", await errors, StringComparison.Ordinal);
        Assert.Equal(
            ["engine.sqlite.recovery500.firstTurn", "engine.sqlite.recovery500.allDone"],
            figures.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("figure").GetString()!));
    }

    private static string Configuration => AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Debug{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Debug" : "Release";

    private static string CheckoutRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "SnapshotWorkflows.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"No checkout holds {AppContext.BaseDirectory}."));
        return folder;
    }
}
