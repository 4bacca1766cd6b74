using System.Text.Json.Nodes;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>
/// The array that a contract is held against: the simulator, or with SWF_SOLIDFIRE_ENDPOINT a real one (and SWF_SOLIDFIRE_USERNAME,
/// SWF_SOLIDFIRE_PASSWORD, SWF_SOLIDFIRE_SHA256, SWF_SOLIDFIRE_ACCOUNT: an account of its own for the volumes). Everything made is named
/// swf-contract-... and is deleted and purged at the end.
/// </summary>
internal sealed class ArrayUnderTest : IAsyncDisposable
{
    private readonly Appliances? _simulated;
    private readonly HttpClient? _http;
    private readonly List<long> _volumes = [];
    private readonly List<long> _schedules = [];

    private ArrayUnderTest(SolidFireClient client, long account, Appliances? simulated, HttpClient? http) => (Client, Account, _simulated, _http) = (client, account, simulated, http);

    public SolidFireClient Client { get; }

    public long Account { get; }

    public string Mark { get; } = $"swf-contract-{Guid.NewGuid().ToString("N")[..8]}";

    public static async Task<ArrayUnderTest> StartAsync()
    {
        if (Setting("ENDPOINT") is not { } endpoint)
        {
            var simulated = await Appliances.StartAsync();
            var account = (long)simulated.Array.Call("AddAccount", new JsonObject { ["username"] = "contract" })["accountID"]!;
            return new ArrayUnderTest(simulated.ArrayClient, account, simulated, null);
        }

        var options = new SolidFireOptions
        {
            Endpoint = new Uri(endpoint), Username = Required("USERNAME"), Password = Required("PASSWORD"), CertificateSha256 = Required("SHA256"),
        };
        var http = new HttpClient(SolidFireRegistration.CreateHandler(options)) { Timeout = Timeout.InfiniteTimeSpan };
        var client = new SolidFireClient(http, options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<SolidFireClient>.Instance);
        var owner = await client.FindAccountAsync(Required("ACCOUNT"), default) ?? throw new InvalidOperationException($"The array has no account {Required("ACCOUNT")}; SWF_SOLIDFIRE_ACCOUNT names one for the tests.");
        return new ArrayUnderTest(client, owner.AccountId, null, http);
    }

    public async Task<long> MakeVolumeAsync(string name)
    {
        var id = await Client.CreateVolumeAsync($"{Mark}-{name}", Account, 1_000_000_000, true, new JsonObject { ["mark"] = Mark }, null, default);
        _volumes.Add(id);
        return id;
    }

    public void Remember(long volume) => _volumes.Add(volume);

    public void RememberSchedule(long schedule) => _schedules.Add(schedule);

    public async ValueTask DisposeAsync()
    {
        foreach (var schedule in _schedules) await Client.DeleteScheduleAsync(schedule, default);
        foreach (var volume in _volumes)
        {
            await Client.DeleteVolumeAsync(volume, default);
            await Client.PurgeDeletedVolumeAsync(volume, default);
        }

        if (_simulated is not null) await _simulated.DisposeAsync();
        _http?.Dispose();
    }

    private static string? Setting(string name) => Environment.GetEnvironmentVariable($"SWF_SOLIDFIRE_{name}") is { Length: > 0 } value ? value : null;

    private static string Required(string name) => Setting(name) ?? throw new InvalidOperationException($"With SWF_SOLIDFIRE_ENDPOINT, SWF_SOLIDFIRE_{name} is needed too.");
}
