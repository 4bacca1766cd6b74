using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Simulators.CloudStack;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>
/// The management server that a contract is held against: the simulator, or with SWF_CLOUDSTACK_ENDPOINT a real one (and SWF_CLOUDSTACK_APIKEY, SWF_CLOUDSTACK_SECRETKEY,
/// SWF_CLOUDSTACK_SHA256 unless a known authority has signed its certificate, SWF_CLOUDSTACK_VOLUME: the id of an attached volume).
/// Tags that were made are taken away at the end.
/// </summary>
internal sealed class ManagementServerUnderTest : IAsyncDisposable
{
    private readonly Appliances? _simulated;
    private readonly HttpClient? _http;

    private ManagementServerUnderTest(CloudStackClient client, string volumeId, Appliances? simulated, HttpClient? http) =>
        (Client, VolumeId, _simulated, _http) = (client, volumeId, simulated, http);

    public CloudStackClient Client { get; }

    public string VolumeId { get; }

    public string Mark { get; } = $"swf-contract-{Guid.NewGuid().ToString("N")[..8]}";

    public static async Task<ManagementServerUnderTest> StartAsync()
    {
        if (Setting("ENDPOINT") is not { } endpoint)
        {
            var simulated = await Appliances.StartAsync();
            simulated.Cloud.AddAccount("tenant");
            var (volume, machine) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
            var created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
            simulated.Cloud.Add(new CloudVirtualMachine(machine, "web", "i-2-3-VM", "tenant", simulated.Cloud.ZoneId, "Running", "production-1", created));
            simulated.Cloud.Add(new CloudVolume(volume, "data", "tenant", simulated.Cloud.ZoneId, machine, "vdi-uuid", 4 << 20, "primary", "DATADISK", created));
            return new ManagementServerUnderTest(simulated.CloudClient, volume, simulated, null);
        }

        var options = new SnapshotWorkflows.CloudStack.CloudStackOptions
        {
            Endpoint = new Uri(endpoint), ApiKey = Required("APIKEY"), SecretKey = Required("SECRETKEY"), CertificateSha256 = Setting("SHA256"),
        };
        var http = new HttpClient(CloudStackRegistration.CreateHandler(options)) { Timeout = Timeout.InfiniteTimeSpan };
        return new ManagementServerUnderTest(new CloudStackClient(http, options, TimeProvider.System, NullLogger<CloudStackClient>.Instance), Required("VOLUME"), null, http);
    }

    public async ValueTask DisposeAsync()
    {
        if (_simulated is not null) await _simulated.DisposeAsync();
        _http?.Dispose();
    }

    private static string? Setting(string name) => Environment.GetEnvironmentVariable($"SWF_CLOUDSTACK_{name}") is { Length: > 0 } value ? value : null;

    private static string Required(string name) => Setting(name) ?? throw new InvalidOperationException($"With SWF_CLOUDSTACK_ENDPOINT, SWF_CLOUDSTACK_{name} is needed too.");
}
