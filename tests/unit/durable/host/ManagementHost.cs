using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>A host with a real engine on a SQLite hub, spoken to through the management API.</summary>
internal sealed class ManagementHost : IAsyncDisposable
{
    public const string Base = "/runtime/webhooks/durabletask";

    private readonly RunningHost _host;

    private ManagementHost(RunningHost host) => _host = host;

    public RunningHost Host => _host;

    public DurableTaskClient Client => _host.Services.GetRequiredService<DurableTaskClient>();

    public static async Task<ManagementHost> StartAsync(Action<FunctionsHostBuilder>? configure = null, string durableTask = "{}", TemporaryFolder? folder = null) => new(await RunningHost.StartAsync(
        builder =>
        {
            builder.UseDurableTask(SampleOrchestrations.Register, (services, _) => SampleHub.Create(services, Path.Combine(builder.StatePath!, "hub.db")));
            configure?.Invoke(builder);
        },
        "{\"version\":\"2.0\",\"extensions\":{\"durableTask\":" + durableTask + "}}",
        folder: folder));

    public Task<HttpResponseMessage> GetAsync(string path) => _host.GetAsync(Base + path, _host.SystemKey);

    public Task<HttpResponseMessage> DeleteAsync(string path) => _host.SendAsync(HttpMethod.Delete, Base + path, _host.SystemKey);

    public Task<HttpResponseMessage> PostAsync(string path, string? json = null)
    {
        var content = json is null ? null : new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        return _host.SendAsync(HttpMethod.Post, Base + path, _host.SystemKey, content);
    }

    /// <summary>Starts an instance and waits until its first turn is committed.</summary>
    public async Task<string> StartInstanceAsync(string name, string input, string id)
    {
        var answer = await PostAsync($"/orchestrators/{name}/{Uri.EscapeDataString(id)}", JsonSerializer.Serialize(input));
        Assert.Equal(System.Net.HttpStatusCode.Accepted, answer.StatusCode);
        using var patience = Patience();
        await Client.WaitForInstanceStartAsync(id, false, patience.Token);
        return id;
    }

    public async Task<OrchestrationMetadata> EndedAsync(string id)
    {
        using var patience = Patience();
        return await Client.WaitForInstanceCompletionAsync(id, true, patience.Token);
    }

    public async Task<JsonElement> StatusAsync(string id, string query = "") => await JsonAsync(await GetAsync($"/instances/{Uri.EscapeDataString(id)}{query}"));

    public async Task StatusBecomesAsync(string id, string status)
    {
        using var patience = Patience();
        string? seen;
        while ((seen = (await StatusAsync(id)).GetProperty("runtimeStatus").GetString()) != status)
        {
            Assert.False(patience.IsCancellationRequested, $"{id} is {seen}, not {status}");
        }
    }

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.Clone();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static CancellationTokenSource Patience() => new(TimeSpan.FromSeconds(20));
}
