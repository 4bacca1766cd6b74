using System.Diagnostics;
using SnapshotWorkflows.Lab;
using SnapshotWorkflows.Lab.Processes;

namespace SnapshotWorkflows.Bench.Campaign;

/// <summary>
/// The app as an operator installs it: published, and compiled ahead. A life of ten seconds is otherwise spent compiling.
/// </summary>
internal static class CampaignProgram
{
    /// <returns>The app's assembly in the folder.</returns>
    public static async Task<string> PublishAsync(string folder, CancellationToken cancellation)
    {
        var project = Path.Combine(Checkout.Root, "functions", "app");
        string[] arguments = ["publish", project, "-c", "Release", "--use-current-runtime", "--self-contained", "false", "-p:PublishReadyToRun=true", "-o", folder, "-v", "q", "-nologo"];
        var start = new ProcessStartInfo("dotnet", arguments) { UseShellExecute = false, RedirectStandardOutput = true };
        using var publish = Process.Start(start) ?? throw new LabException("dotnet could not be started.");
        var said = await publish.StandardOutput.ReadToEndAsync(cancellation);
        await publish.WaitForExitAsync(cancellation);
        return publish.ExitCode == 0 ? Path.Combine(folder, "SnapshotWorkflows.App.dll") : throw new LabException($"dotnet publish of {project} ended with {publish.ExitCode}: {said}");
    }
}
