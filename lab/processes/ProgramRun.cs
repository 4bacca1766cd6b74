using System.Diagnostics;

namespace SnapshotWorkflows.Lab.Processes;

/// <summary>Runs a program of the build to its end and returns what it printed.</summary>
internal static class ProgramRun
{
    public static async Task<string> OutputAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation, string interpreter = "dotnet")
    {
        var start = new ProcessStartInfo(interpreter) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(program);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start) ?? throw new LabException($"{program} could not be started.");
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        if (process.ExitCode != 0) throw new LabException($"{Path.GetFileNameWithoutExtension(program)} {string.Join(' ', arguments)}: {(await error).Trim()}");
        return await output;
    }
}
