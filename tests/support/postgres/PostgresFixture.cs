using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.NetworkInformation;

namespace SnapshotWorkflows.Tests.Support.Postgres;

/// <summary>
/// A PostgreSQL cluster of its own: own folder, a free port of 127.0.0.1, no Unix socket, ended by its own process id. PostgreSQL refuses to run as root, so as
/// user postgres then. fsync is off unless asked for: tests kill processes, not machines.
/// </summary>
public sealed class PostgresFixture : IAsyncDisposable
{
    private const int PortAttempts = 5;
    private const int FirstPort = 10_000;
    private const int LastPort = 20_000;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly string _folder;
    private readonly bool _fsync;
    private readonly bool _ownSession;
    private Process? _server;
    private int _databases;

    private PostgresFixture(string folder, bool fsync, bool ownSession) => (_folder, _fsync, _ownSession) = (folder, fsync, ownSession);

    public int Port { get; private set; }

    /// <summary>Of the server, the parent of its sessions.</summary>
    public int ProcessId => (_server ?? throw new InvalidOperationException("The server does not run.")).Id;

    /// <summary>Of the administrator, who needs no password: the cluster trusts its loopback address.</summary>
    public string ConnectionString => DatabaseString("postgres");

    /// <param name="ownSession">Ctrl-C on the terminal does not reach the server: the program that started it ends it when it has cleared up.</param>
    public static async Task<PostgresFixture> StartAsync(bool fsync = false, bool ownSession = false)
    {
        var folder = Directory.CreateTempSubdirectory("swf-postgres-").FullName;
        var fixture = new PostgresFixture(folder, fsync, ownSession);
        try
        {
            if (IsRoot)
                await RunAsync("chown", ["postgres", folder]);
            await RunAsync(Binary("initdb"), ["-D", fixture.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"], asPostgres: true);
            // Others look for ports too: one that was free a moment ago may be theirs by now.
            for (var attempt = 1; await fixture.TryStartServerAsync(FreePort()) is { } refusal; attempt++)
            {
                if (attempt == PortAttempts || !fixture._server!.HasExited)
                    throw new InvalidOperationException(refusal);
            }
            return fixture;
        }
        catch
        {
            await fixture.DisposeAsync();
            throw;
        }
    }

    /// <summary>The connection string of a database that nobody has used.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref _databases)}");
        await PsqlAsync("postgres", $"CREATE DATABASE {name}");
        return DatabaseString(name);
    }

    /// <summary>Ends every session and comes up again, as a restart of the service does.</summary>
    public async Task RestartAsync()
    {
        await StopServerAsync();
        await StartServerAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopServerAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private static bool IsRoot => Environment.UserName == "root";

    private string DatabaseString(string database) =>
        string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Database={database};Username=postgres;Timeout=5;Maximum Pool Size=40");

    public async Task StartServerAsync()
    {
        if (await TryStartServerAsync(Port) is { } refusal)
            throw new InvalidOperationException(refusal);
    }

    /// <returns>Why it ended at once; null when it takes connections.</returns>
    private async Task<string?> TryStartServerAsync(int port)
    {
        Port = port;
        var start = Start(Binary("postgres"), [
            "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
            "-c", $"fsync={(_fsync ? "on" : "off")}", "-c", "max_connections=200", "-c", "shared_buffers=128MB", "-c", "max_wal_size=1GB"], asPostgres: true, _ownSession);
        _server = Process.Start(start)!;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new ConcurrentQueue<string>();
        _server.OutputDataReceived += (_, _) => { };
        _server.ErrorDataReceived += (_, line) =>
        {
            // Its log, in English by LC_ALL: from this line on it takes connections.
            if (!ready.Task.IsCompleted && line.Data is not null)
                said.Enqueue(line.Data);
            if (line.Data?.Contains("ready to accept connections", StringComparison.Ordinal) == true)
                ready.TrySetResult();
        };
        _server.BeginOutputReadLine();
        _server.BeginErrorReadLine();
        using var patience = new CancellationTokenSource(s_patience);
        await Task.WhenAny(ready.Task, _server.WaitForExitAsync(patience.Token));
        return ready.Task.IsCompleted ? null : $"PostgreSQL on port {Port} does not answer: {string.Join('\n', said)}";
    }

    /// <summary>Fast shutdown (SIGINT): sessions are ended, nothing committed is lost.</summary>
    public async Task StopServerAsync()
    {
        if (_server is not { HasExited: false } server)
            return;
        // With setpriv the process is the server itself, not a shell around it.
        await RunAsync("kill", ["-INT", server.Id.ToString(CultureInfo.InvariantCulture)]);
        await server.WaitForExitAsync().WaitAsync(s_patience);
        server.Dispose();
        _server = null;
    }

    private Task PsqlAsync(string database, string sql) => RunAsync(
        Binary("psql"), ["-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-qc", sql]);

    private static async Task RunAsync(string program, string[] arguments, bool asPostgres = false)
    {
        using var process = Process.Start(Start(program, arguments, asPostgres))!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await error}{await output}");
    }

    private static ProcessStartInfo Start(string program, IEnumerable<string> arguments, bool asPostgres = false, bool ownSession = false)
    {
        string[] words = asPostgres && IsRoot
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments]
            : [program, .. arguments];
        // setsid (util-linux) becomes the program: a new process leads no group, so nothing is forked.
        if (ownSession)
            words = ["setsid", .. words];
        var start = new ProcessStartInfo(words[0], words[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = "/" };
        start.Environment["LC_ALL"] = "C";
        return start;
    }

    /// <summary>Debian keeps the server's programs outside the path.</summary>
    private static string Binary(string name)
    {
        var versions = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [];
        var found = versions.OrderByDescending(folder => folder, StringComparer.Ordinal).Select(folder => Path.Combine(folder, "bin", name)).FirstOrDefault(File.Exists)
            ?? (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        return found ?? throw new InvalidOperationException("PostgreSQL is not installed: install the package postgresql, or run ./test, which does it.");
    }

    /// <summary>Below those that systems give to outgoing connections (32768 and up on Linux): while the server is down between two lives, nobody else is given its port.</summary>
    private static int FreePort()
    {
        var used = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(listener => listener.Port).ToHashSet();
        int port;
        do
            port = Random.Shared.Next(FirstPort, LastPort);
        while (used.Contains(port));
        return port;
    }
}
