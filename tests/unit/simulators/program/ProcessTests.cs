using System.Diagnostics;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Program;

/// <summary>The program as a process of its own: how it says that it is ready, and how it ends.</summary>
public sealed class ProcessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _state = Directory.CreateTempSubdirectory("simulators-").FullName;
    private readonly List<Process> _started = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (var process in _started)
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        Directory.Delete(_state, recursive: true);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_it_cleanly_and_leaves_no_addresses_behind(string signal)
    {
        var program = await ReadyAsync();
        Assert.True(File.Exists(Path.Combine(_state, "endpoints.json")));

        using (var kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {program.Id}"])) await kill.WaitForExitAsync(Cancellation);

        await EndAsync(program);
        Assert.Equal(0, program.ExitCode);
        Assert.Equal(["nfs"], Directory.EnumerateFileSystemEntries(_state).Select(Path.GetFileName));
    }

    [Fact]
    public async Task It_ends_when_its_parent_is_gone()
    {
        var parent = Start("/bin/sh", ["-c", "read -r _"], input: true);
        var program = await ReadyAsync("--parent", parent.Id.ToString());

        parent.StandardInput.Close();
        await EndAsync(parent);

        await EndAsync(program);
        Assert.Equal(0, program.ExitCode);
        Assert.False(File.Exists(Path.Combine(_state, "endpoints.json")));
    }

    [Fact]
    public async Task A_wrong_option_ends_it_with_the_usage()
    {
        var program = Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "SnapshotWorkflows.Simulators.dll"), "--stat", _state]);
        var said = await program.StandardError.ReadToEndAsync(Cancellation);

        await EndAsync(program);
        Assert.Equal(2, program.ExitCode);
        Assert.Contains("'--stat'", said, StringComparison.Ordinal);
        Assert.Contains("--copy-rate", said, StringComparison.Ordinal);
    }

    private async Task<Process> ReadyAsync(params string[] further)
    {
        var program = Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "SnapshotWorkflows.Simulators.dll"), "--state", _state, .. further]);
        var line = await program.StandardOutput.ReadLineAsync(Cancellation).AsTask().WaitAsync(Patience, TimeProvider.System, Cancellation);
        Assert.StartsWith("ready http://127.0.0.1:", line, StringComparison.Ordinal);
        return program;
    }

    private Process Start(string program, string[] arguments, bool input = false)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = input };
        var process = Process.Start(start)!;
        _started.Add(process);
        return process;
    }

    private static Task EndAsync(Process process) => process.WaitForExitAsync(Cancellation).WaitAsync(Patience, TimeProvider.System, Cancellation);
}
