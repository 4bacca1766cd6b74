using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>The simulators' control address: makes worlds, plans faults, and tells what is really there.</summary>
internal sealed class SimulatorControl(Uri address) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };

    public Uri Address => address;

    public Task<WorldVolume> MakeVolumeAsync(string name, string imagePath, CancellationToken cancellation, bool onSecond = false) =>
        PostAsync<WorldVolume>("/world/volumes", new { name, imagePath, account = "acme", onSecond }, cancellation);

    /// <summary>A disk whose content follows from its number; see the simulators' GeneratedImage.</summary>
    public Task<WorldVolume> MakeGeneratedVolumeAsync(string name, int number, long diskBytes, long dataBytes, CancellationToken cancellation) =>
        PostAsync<WorldVolume>("/world/volumes", new { name, account = "acme", generated = new { number, diskBytes, dataBytes } }, cancellation);

    /// <summary>The array's deleted volumes are purged, as it does by itself after eight hours.</summary>
    public Task PurgeDeletedAsync(CancellationToken cancellation) => PostAsync("/solidfire/purge", new { }, cancellation);

    /// <summary>The second array goes away for a while.</summary>
    public Task RestartSecondArrayAsync(int seconds, CancellationToken cancellation) => PostAsync("/solidfire/second/restart", new { seconds }, cancellation);

    /// <summary>A volume of CloudStack's that belongs to no machine.</summary>
    public Task<WorldVolume> MakeDetachedVolumeAsync(string name, string imagePath, CancellationToken cancellation) =>
        PostAsync<WorldVolume>("/world/volumes", new { name, imagePath, account = "acme", detached = true }, cancellation);

    public Task DetachVolumeAsync(string cloudStackVolumeId, CancellationToken cancellation) => PostAsync($"/world/volumes/{cloudStackVolumeId}/detach", new { }, cancellation);

    /// <summary>One more disk of a machine that was made with its first.</summary>
    public Task<WorldVolume> AddVolumeAsync(string name, string imagePath, string vmId, CancellationToken cancellation) =>
        PostAsync<WorldVolume>("/world/volumes", new { name, imagePath, account = "acme", vmId }, cancellation);

    /// <summary>The guest writes at random places of one window of its disk, for as long as it runs.</summary>
    public Task StartGuestAsync(string vmUuid, int seed, long offset, long length, CancellationToken cancellation) =>
        PostAsync("/guest/start", new { vmUuid, seed, bytesPerWrite = 16_384, writesPerSecond = 50, offset, length }, cancellation);

    /// <summary>As above, while other guests write.</summary>
    public Task StartGuestBesideAsync(string vmUuid, int seed, int bytesPerWrite, double writesPerSecond, CancellationToken cancellation) =>
        PostAsync("/guest/start", new { vmUuid, seed, bytesPerWrite, writesPerSecond, beside = true }, cancellation);

    public Task StopGuestAsync(CancellationToken cancellation) => PostAsync("/guest/stop", new { }, cancellation);

    public Task<GuestReport> GuestAsync(CancellationToken cancellation) => GetAsync<GuestReport>("/guest", cancellation);

    public Task<Inventory> InventoryAsync(CancellationToken cancellation) => GetAsync<Inventory>("/inventory", cancellation);

    public Task MaterializeSnapshotAsync(long id, string path, CancellationToken cancellation) =>
        PostAsync($"/solidfire/snapshots/{id}/materialize", new { path }, cancellation);

    public Task MaterializeVolumeAsync(long id, string path, CancellationToken cancellation) =>
        PostAsync($"/solidfire/volumes/{id}/materialize", new { path }, cancellation);

    public async Task<int> PlanAsync(PlannedFault fault, CancellationToken cancellation) =>
        (await PostAsync<FaultState>("/faults", fault, cancellation)).Id;

    /// <summary>A share of all calls is hit from now on, drawn evenly from six kinds of faults.</summary>
    public Task SetWeatherAsync(Weather weather, CancellationToken cancellation) => PostAsync("/weather", weather, cancellation);

    public Task<WeatherReport> WeatherAsync(CancellationToken cancellation) => GetAsync<WeatherReport>("/weather", cancellation);

    public async Task EndWeatherAsync(CancellationToken cancellation)
    {
        using var answer = await _http.DeleteAsync("/weather", cancellation);
        await CheckAsync(answer, "/weather", cancellation);
    }

    public Task<IReadOnlyList<FaultState>> FaultsAsync(CancellationToken cancellation) => GetAsync<IReadOnlyList<FaultState>>("/faults", cancellation);

    public async Task ForgetFaultsAsync(CancellationToken cancellation)
    {
        using var answer = await _http.DeleteAsync("/faults", cancellation);
        await CheckAsync(answer, "/faults", cancellation);
    }

    public Task SetHostAsync(string pool, string uuid, bool online, CancellationToken cancellation) =>
        PostAsync($"/xenserver/{pool}/hosts/{uuid}/{(online ? "online" : "offline")}", new { }, cancellation);

    public Task FillStoreAsync(bool full, CancellationToken cancellation) => PostAsync("/nfs/full", new { full }, cancellation);

    public Task FillSnapshotsAsync(long volume, int count, CancellationToken cancellation) =>
        PostAsync($"/solidfire/volumes/{volume}/fill-snapshots", new { count }, cancellation);

    public Task SnapshotVdiAsync(string pool, string vdiUuid, CancellationToken cancellation) =>
        PostAsync($"/xenserver/{pool}/vdis/{vdiUuid}/snapshot", new { }, cancellation);

    /// <summary>Events of CloudStack's go there from now on.</summary>
    public Task SetWebhookAsync(string payloadUrl, string secretKey, CancellationToken cancellation) => PostAsync("/cloudstack/webhook", new { payloadUrl, secretKey }, cancellation);

    public Task<JsonElement> DeliveriesAsync(CancellationToken cancellation) => GetAsync<JsonElement>("/cloudstack/webhook/deliveries", cancellation);

    /// <summary>Sends one event as often as asked, each time the same.</summary>
    public async Task<IReadOnlyList<JsonElement>> SendEventAsync(string payloadUrl, string entityUuid, string secretKey, int times, CancellationToken cancellation) =>
        [.. (await PostAsync<JsonElement>("/cloudstack/events", new { payloadUrl, entityUuid, secretKey, times }, cancellation)).EnumerateArray()];

    public void Dispose() => _http.Dispose();

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellation)
    {
        using var answer = await _http.GetAsync(path, cancellation);
        await CheckAsync(answer, path, cancellation);
        return await answer.Content.ReadFromJsonAsync<T>(Json, cancellation) ?? throw new LabException($"The simulators answered nothing to {path}.");
    }

    private async Task<T> PostAsync<T>(string path, object body, CancellationToken cancellation)
    {
        using var answer = await _http.PostAsJsonAsync(path, body, Json, cancellation);
        await CheckAsync(answer, path, cancellation);
        return await answer.Content.ReadFromJsonAsync<T>(Json, cancellation) ?? throw new LabException($"The simulators answered nothing to {path}.");
    }

    private async Task PostAsync(string path, object body, CancellationToken cancellation)
    {
        using var answer = await _http.PostAsJsonAsync(path, body, Json, cancellation);
        await CheckAsync(answer, path, cancellation);
    }

    private static async Task CheckAsync(HttpResponseMessage answer, string path, CancellationToken cancellation)
    {
        if (answer.IsSuccessStatusCode) return;
        throw new LabException($"The simulators refused {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellation)}");
    }
}
