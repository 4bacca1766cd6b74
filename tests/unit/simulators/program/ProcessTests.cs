using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Program;

/// <summary>The program as a process of its own: how it says that it is ready, and how it ends.</summary>
public sealed class ProcessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _state = Directory.CreateTempSubdirectory("simulators-").FullName;
    private readonly List<Process> _started = [];
    private JsonNode _ready = null!;

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
        Assert.False(File.Exists(Path.Combine(_state, "endpoints.json")));
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
        var program = Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "SnapshotWorkflows.Simulators.dll"), "--dat", _state]);
        var said = await program.StandardError.ReadToEndAsync(Cancellation);

        await EndAsync(program);
        Assert.Equal(2, program.ExitCode);
        Assert.Contains("'--dat'", said, StringComparison.Ordinal);
        Assert.Contains("--copy-rate", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_kill_the_same_world_is_at_the_same_ports_with_the_same_certificates_and_credentials()
    {
        var first = await ReadyAsync("--clone-time", "0");
        var (endpoints, array) = (Endpoints(), Port("solidfire"));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode((string)_ready["credentials"]!));
        var account = (long)(await ArrayAsync("AddAccount", new { username = "tenant" }))["result"]!["accountID"]!;
        var volume = (long)(await ArrayAsync("CreateVolume", new { name = "kept", accountID = account, totalSize = 1_000_000_000, enable512e = true }))["result"]!["volumeID"]!;
        await ArrayAsync("CreateSnapshot", new { volumeID = volume, name = "s" });
        var before = await ArrayAsync("ListSnapshots", new { });

        first.Kill();
        await EndAsync(first);
        await ReadyAsync("--clone-time", "0", "--solidfire", array.ToString());

        Assert.Equal(array, Port("solidfire"));
        Assert.Equal((string)endpoints["solidfire"]!["password"]!, (string)Endpoints()["solidfire"]!["password"]!);
        Assert.Equal((string)endpoints["solidfire"]!["certificateSha256"]!, (string)Endpoints()["solidfire"]!["certificateSha256"]!);
        Assert.Equal((string)endpoints["cloudstack"]!["secretKey"]!, (string)Endpoints()["cloudstack"]!["secretKey"]!);
        Assert.Equal(before["result"]!.ToJsonString(), (await ArrayAsync("ListSnapshots", new { }))["result"]!.ToJsonString());
        Assert.Equal(volume + 1, (long)(await ArrayAsync("CloneVolume", new { volumeID = volume, name = "copy" }))["result"]!["volumeID"]!);
    }

    [Fact]
    public async Task A_second_program_in_the_folder_is_refused()
    {
        await ReadyAsync();
        var second = Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "SnapshotWorkflows.Simulators.dll"), "--data", _state]);
        await EndAsync(second);
        Assert.Equal(1, second.ExitCode);
        Assert.True(File.Exists((string)_ready["credentials"]!));
    }

    [Fact]
    public async Task Faults_of_a_file_hit_and_one_that_does_not_is_told_at_the_end_with_a_code()
    {
        var faults = Path.Combine(_state, "faults.json");
        Directory.CreateDirectory(_state);
        await File.WriteAllTextAsync(faults, """[{"system":"solidfire","method":"GetLimits","action":"fail","errorName":"xDBVersionMismatch"},{"system":"solidfire","method":"CloneVolume","action":"dropAnswer"}]""", Cancellation);
        var program = await ReadyAsync("--faults", faults);
        Assert.Equal("xDBVersionMismatch", (string?)(await ArrayAsync("GetLimits", new { }))["error"]!["name"]);
        using var control = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var unfired = await control.GetFromJsonAsync<JsonArray>(new Uri($"{_ready["control"]}/faults/unfired"), Cancellation);
        Assert.Equal("CloneVolume", (string?)Assert.Single(unfired!)!["method"]);

        using (var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {program.Id}"])) await kill.WaitForExitAsync(Cancellation);
        var said = await program.StandardError.ReadToEndAsync(Cancellation);
        await EndAsync(program);
        Assert.Equal(3, program.ExitCode);
        Assert.Contains("CloneVolume", said, StringComparison.Ordinal);
    }

    private int Port(string system) => new Uri((string)_ready[system]!).Port;

    private JsonNode Endpoints() => JsonNode.Parse(File.ReadAllText((string)_ready["credentials"]!))!;

    private Task<JsonNode> ArrayAsync(string method, object parameters)
    {
        var array = Endpoints()["solidfire"]!;
        return ProgramWorld.CallAsync((string)array["endpoint"]!, (string)array["certificateSha256"]!, new { method, @params = parameters, id = 1 }, $"{array["username"]}:{array["password"]}");
    }

    private async Task<Process> ReadyAsync(params string[] further)
    {
        var program = Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "SnapshotWorkflows.Simulators.dll"), "--data", _state, .. further]);
        var line = await program.StandardOutput.ReadLineAsync(Cancellation).AsTask().WaitAsync(Patience, TimeProvider.System, Cancellation);
        Assert.StartsWith("ready {", line, StringComparison.Ordinal);
        _ready = JsonNode.Parse(line!["ready ".Length..])!;
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
