using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators;
using SnapshotWorkflows.Simulators.World;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Program;

/// <summary>The program inside this process: real addresses, a small disk image, and its control address.</summary>
public sealed class ProgramWorld : IAsyncLifetime
{
    public const int ImageBytes = 6 << 20;

    private readonly CancellationTokenSource _stop = new();
    private RunningWorld _world = null!;
    private Task _running = Task.CompletedTask;
    private int _volumes;

    public string Folder { get; } = Directory.CreateTempSubdirectory("simulators-").FullName;

    public string State => Path.Combine(Folder, "state");

    public string ImagePath => Path.Combine(Folder, "disk.img");

    public byte[] Image { get; } = MakeImage();

    public HttpClient Control { get; private set; } = null!;

    internal Endpoints Endpoints => _world.Endpoints;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllBytesAsync(ImagePath, Image);
        _world = await RunningWorld.StartAsync(new ProgramOptions { DataPath = State, CloneTime = TimeSpan.Zero, IscsiPort = 0 }, TimeProvider.System);
        _running = _world.RunAsync(_stop.Token);
        Control = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(_world.Endpoints.Control) };
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        Control.Dispose();
        await _world.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await Control.GetStringAsync(new Uri(path, UriKind.Relative), Cancellation))!;

    public async Task<JsonNode> PostAsync(string path, object body)
    {
        var (status, answer) = await TryPostAsync(path, body);
        Assert.True(status == 200, $"{path}: {status} {answer.ToJsonString()}");
        return answer;
    }

    public async Task<(int Status, JsonNode Answer)> TryPostAsync(string path, object body)
    {
        using var answer = await Control.PostAsJsonAsync(path, body, Cancellation);
        return ((int)answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!);
    }

    /// <summary>A volume of its own for a test, as POST /world/volumes tells it.</summary>
    public Task<JsonNode> NewVolumeAsync() => PostAsync("/world/volumes", new { name = $"data {++_volumes}", imagePath = ImagePath, account = "acme" });

    /// <summary>The array's JSON-RPC with its password and its fingerprint pinned.</summary>
    public Task<JsonNode> ArrayAsync(string method, object parameters) => CallAsync(
        Endpoints.Solidfire.Endpoint, Endpoints.Solidfire.CertificateSha256, new { method, @params = parameters, id = 1 },
        $"{Endpoints.Solidfire.Username}:{Endpoints.Solidfire.Password}");

    /// <summary>JSON-RPC to an appliance whose certificate must be the one of this fingerprint.</summary>
    public static async Task<JsonNode> CallAsync(string address, string certificateSha256, object body, string? credentials = null)
    {
        using var handler = new HttpClientHandler
        {
            UseProxy = false,
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
                certificate!.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256).Equals(certificateSha256, StringComparison.OrdinalIgnoreCase),
        };
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(JsonSerializer.Serialize(body)) };
        if (credentials is not null) request.Headers.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(credentials)));
        using var answer = await client.SendAsync(request, Cancellation);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
    }

    private static byte[] MakeImage()
    {
        var image = new byte[ImageBytes];
        new Random(11).NextBytes(image.AsSpan(0, 1 << 20));
        new Random(12).NextBytes(image.AsSpan(3 << 20, 1 << 20));
        return image;
    }
}
