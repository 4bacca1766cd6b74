using System.Text.Json;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>A real host on a free loopback port, with its settings and state in a folder of its own.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly FunctionsApplication _application;
    private readonly TemporaryFolder? _owned;

    private RunningHost(FunctionsApplication application, TemporaryFolder folder, TemporaryFolder? owned)
    {
        _application = application;
        _owned = owned;
        Folder = folder;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, Expect100ContinueTimeout = TimeSpan.FromSeconds(20) }) { BaseAddress = application.Address };
        using var keys = JsonDocument.Parse(File.ReadAllBytes(folder.PathOf(".state/secrets/host.json")));
        MasterKey = keys.RootElement.GetProperty("masterKey").GetProperty("value").GetString()!;
        HostKey = keys.RootElement.GetProperty("functionKeys")[0].GetProperty("value").GetString()!;
        SystemKey = keys.RootElement.GetProperty("systemKeys")[0].GetProperty("value").GetString()!;
    }

    public TemporaryFolder Folder { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => _application.Services;

    public Uri Address => _application.Address;

    public string MasterKey { get; }

    public string HostKey { get; }

    public string SystemKey { get; }

    public static async Task<RunningHost> StartAsync(
        Action<FunctionsHostBuilder> configure, string hostJson = """{"version":"2.0"}""", TimeProvider? time = null, TemporaryFolder? folder = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var owned = folder is null ? new TemporaryFolder() : null;
        folder ??= owned!;
        folder.Write("host.json", hostJson);
        var builder = FunctionsHost.CreateBuilder(["--port", "0", "--settings-root", folder.Path], Surroundings(time, environment));
        configure(builder);
        var application = builder.Build();
        await application.StartAsync(CancellationToken.None);
        return new RunningHost(application, folder, owned);
    }

    public static HostSurroundings Surroundings(TimeProvider? time = null, IReadOnlyDictionary<string, string>? environment = null) => new()
    {
        Environment = environment ?? new Dictionary<string, string>(),
        Time = time ?? TimeProvider.System,
        LogToConsole = false,
    };

    public Task<HttpResponseMessage> GetAsync(string path, string? key = null) => SendAsync(HttpMethod.Get, path, key);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? key = null, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (key is not null)
        {
            request.Headers.Add("x-functions-key", key);
        }

        return await Client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _application.StopAsync(CancellationToken.None);
        await _application.DisposeAsync();
        _owned?.Dispose();
    }
}
