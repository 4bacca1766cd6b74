using System.Security.Cryptography;
using System.Xml.Linq;
using SnapshotWorkflows.Lab.Processes;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>Azurite as a process of its own, with an account of this run; its blobs are read with code of the lab's own.</summary>
internal sealed class LabBlobs : ILabStore, IAsyncDisposable
{
    private const string Account = "swflab";
    private const string Container = "secondary";
    private const string Listens = "successfully listens on ";

    private readonly RunFolder _folder;
    private readonly string _key;
    private readonly BlobService _service;

    private LabBlobs(RunFolder folder, ChildProcess process, Uri address, string key, long? bytesPerSecond)
    {
        (_folder, Process, Address, _key) = (folder, process, address, key);
        _service = new BlobService(new Uri(address, Account), Account, key);
        var settings = new Dictionary<string, string>
        {
            ["Secondary:DefaultDestination"] = "blob",
            ["Secondary:Destinations:1:Name"] = "blob",
            ["Secondary:Destinations:1:Kind"] = "blob",
            ["Secondary:Destinations:1:Blob:ServiceUrl"] = new Uri(address, Account).ToString(),
            ["Secondary:Destinations:1:Blob:Container"] = Container,
            ["Secondary:Destinations:1:Blob:AccountName"] = Account,
            ["Secondary:Destinations:1:Blob:AccountKey"] = key,
            ["Secondary:Destinations:1:Blob:CreateContainer"] = "true",
        };
        if (bytesPerSecond is { } rate) settings["Secondary:Destinations:1:Throttle:BytesPerSecond"] = rate.ToString();
        Settings = settings;
    }

    /// <summary>Its place among the destinations in the settings.</summary>
    public const int Destination = 1;

    public ChildProcess Process { get; }

    public Uri Address { get; }

    /// <summary>The account's key: what must be found in no log.</summary>
    public string Secret => _key;

    public IReadOnlyDictionary<string, string> Settings { get; }

    /// <param name="bytesPerSecond">What the product may send, so that a copy can be caught in the middle; null = as fast as it goes.</param>
    public static async Task<LabBlobs> StartAsync(RunFolder folder, long? bytesPerSecond, Reaper reaper, CancellationToken cancellation)
    {
        var program = Path.Combine(Checkout.Root, "simulators", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");
        if (!File.Exists(program)) throw new LabException("Azurite is not installed: run `npm ci` in simulators/azurite, or use ./run --blob, which does.", program);
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        string[] arguments = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--location", folder.MakeFolder("azurite"), "--silent", "--disableTelemetry", "--skipApiVersionCheck"];
        var log = folder.Log("azurite");
        var process = await ChildProcess.StartAsync("Azurite", program, arguments, new Dictionary<string, string> { ["AZURITE_ACCOUNTS"] = $"{Account}:{key}" }, log, reaper, interpreter: "node");
        try
        {
            Uri? address = null;
            await Wait.UntilAsync("Azurite is not ready", () => Task.FromResult((address = FindAddress(log)) is not null), process, cancellation);
            return new LabBlobs(folder, process, address!, key, bytesPerSecond);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public async Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellation)
    {
        var names = new List<string>();
        for (var marker = ""; ;)
        {
            var page = await _service.GetAsync($"/{Container}", new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["comp"] = "list", ["include"] = "uncommittedblobs", ["marker"] = marker, ["restype"] = "container",
            }, cancellation);
            if (page is null) return names;
            var list = XDocument.Parse(System.Text.Encoding.UTF8.GetString(page).TrimStart('\ufeff')).Root!;
            names.AddRange(list.Element("Blobs")!.Elements("Blob").Select(blob => blob.Element("Name")!.Value));
            marker = list.Element("NextMarker")?.Value ?? "";
            if (marker.Length == 0) return names;
        }
    }

    public async Task<string?> FileAsync(string name, CancellationToken cancellation)
    {
        var path = Path.Combine(_folder.Path, "fetched", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return await _service.DownloadAsync($"/{Container}/{name}", path, cancellation) ? path : null;
    }

    public async ValueTask DisposeAsync()
    {
        _service.Dispose();
        await Process.DisposeAsync();
    }

    private static Uri? FindAddress(string log)
    {
        if (!File.Exists(log)) return null;
        using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var line = reader.ReadToEnd().Split('\n').FirstOrDefault(line => line.Contains(Listens, StringComparison.Ordinal));
        return line is null ? null : new Uri(line[(line.IndexOf(Listens, StringComparison.Ordinal) + Listens.Length)..].Trim() + "/");
    }
}
