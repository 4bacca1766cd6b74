using System.Diagnostics;
using System.Security.Cryptography;

namespace SnapshotWorkflows.Tests.Support.Azurite;

/// <summary>
/// Azurite as a process of its own on a free port of 127.0.0.1, with an account of this run and a folder of its own. Ended by its process id. Where its packages are not installed
/// (<c>npm ci</c> in simulators/azurite, which <c>./test</c> does) it fails; it never skips.
/// </summary>
public sealed class AzuriteFixture : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _folder;

    private AzuriteFixture(Process process, string folder, string accountKey, Uri address)
    {
        (_process, _folder, AccountKey, Address) = (process, folder, accountKey, address);
        ConnectionString = $"DefaultEndpointsProtocol=http;AccountName={AccountName};AccountKey={accountKey};BlobEndpoint={address}{AccountName};";
    }

    public string AccountName => "swftest";

    public string AccountKey { get; }

    /// <summary>Of the server: <c>http://127.0.0.1:PORT/</c>.</summary>
    public Uri Address { get; }

    /// <summary>Blob end point of the account, path style.</summary>
    public Uri ServiceUrl => new(Address, AccountName);

    public string ConnectionString { get; }

    public int ProcessId => _process.Id;

    public static async Task<AzuriteFixture> StartAsync()
    {
        var program = Path.Combine(CheckoutRoot(), "simulators", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");
        if (!File.Exists(program)) throw new InvalidOperationException("Azurite is not installed: run `npm ci` in simulators/azurite, or ./test, which does it.");
        var folder = Directory.CreateTempSubdirectory("swf-azurite-").FullName;
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var start = new ProcessStartInfo("node", [program, "--blobHost", "127.0.0.1", "--blobPort", "0", "--location", folder, "--silent", "--disableTelemetry", "--skipApiVersionCheck"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["AZURITE_ACCOUNTS"] = $"swftest:{key}";
        var process = Process.Start(start) ?? throw new InvalidOperationException("node could not be started.");
        try
        {
            return new AzuriteFixture(process, folder, key, await AddressAsync(process));
        }
        catch
        {
            await EndAsync(process, folder);
            throw;
        }
    }

    public ValueTask DisposeAsync() => EndAsync(_process, _folder);

    // It says "Azurite Blob service successfully listens on http://127.0.0.1:PORT" once it listens.
    private static async Task<Uri> AddressAsync(Process process)
    {
        var found = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new List<string>();
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => found.TrySetException(new InvalidOperationException($"Azurite ended by itself: {string.Join(' ', said)}"));
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return await found.Task.WaitAsync(s_patience);

        void Take(string? line)
        {
            if (line is null) return;
            lock (said) said.Add(line);
            var at = line.IndexOf("listens on http://", StringComparison.Ordinal);
            if (at >= 0) found.TrySetResult(new Uri(line[(at + "listens on ".Length)..].Trim() + "/"));
        }
    }

    private static async ValueTask EndAsync(Process process, string folder)
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static string CheckoutRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SnapshotWorkflows.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException("The tests do not run from within the checkout.");
    }
}
