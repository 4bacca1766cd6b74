using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>CloudStack's API as its user calls it: GET, signed with HMAC-SHA1 over the sorted query in lower case (CloudStack's developer guide, "Signing API requests").</summary>
internal sealed class CloudApi : IDisposable
{
    private readonly CloudStackEndpoint _endpoint;
    private readonly HttpClient _http;

    public CloudApi(CloudStackEndpoint endpoint)
    {
        _endpoint = endpoint;
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && string.Equals(certificate.GetCertHashString(HashAlgorithmName.SHA256), endpoint.CertificateSha256.Replace(":", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase) },
        });
    }

    /// <summary>Has CloudStack take a snapshot, and waits until it says so.</summary>
    /// <returns>Its uuid.</returns>
    public async Task<string> TakeSnapshotAsync(string volumeId, CancellationToken cancellation)
    {
        var started = await CallAsync("createSnapshot", new() { ["volumeid"] = volumeId }, cancellation);
        var id = started.GetProperty("id").GetString()!;
        await Wait.UntilAsync(
            $"CloudStack's snapshot {id} is not BackedUp", async () => (await FindSnapshotAsync(id, cancellation)).GetProperty("state").GetString() == "BackedUp", process: null, cancellation);
        return id;
    }

    public async Task<IReadOnlyDictionary<string, string>> TagsAsync(string snapshotId, CancellationToken cancellation)
    {
        var snapshot = await FindSnapshotAsync(snapshotId, cancellation);
        return snapshot.TryGetProperty("tags", out var tags) ? tags.EnumerateArray().ToDictionary(tag => tag.GetProperty("key").GetString()!, tag => tag.GetProperty("value").GetString()!) : new Dictionary<string, string>();
    }

    /// <summary>Puts a tag on a volume, as its owner does.</summary>
    public async Task TagVolumeAsync(string volumeId, string key, string value, CancellationToken cancellation)
    {
        await CallAsync("createTags", new() { ["resourceids"] = volumeId, ["resourcetype"] = "Volume", ["tags[0].key"] = key, ["tags[0].value"] = value }, cancellation);
        await Wait.UntilAsync(
            $"Volume {volumeId} bears no tag",
            async () => (await CallAsync("listVolumes", new() { ["id"] = volumeId, ["listall"] = "true" }, cancellation)).GetProperty("volume")[0].TryGetProperty("tags", out var tags) && tags.GetArrayLength() > 0,
            process: null, cancellation);
    }

    /// <summary>Uuid of the domain that the volume's account belongs to.</summary>
    public async Task<string> DomainOfAsync(string volumeId, CancellationToken cancellation) =>
        (await CallAsync("listVolumes", new() { ["id"] = volumeId, ["listall"] = "true" }, cancellation)).GetProperty("volume")[0].GetProperty("domainid").GetString()!;

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> FindSnapshotAsync(string id, CancellationToken cancellation) =>
        (await CallAsync("listSnapshots", new() { ["id"] = id, ["listall"] = "true" }, cancellation)).GetProperty("snapshot")[0];

    private async Task<JsonElement> CallAsync(string command, Dictionary<string, string> parameters, CancellationToken cancellation)
    {
        parameters["command"] = command;
        parameters["apiKey"] = _endpoint.ApiKey;
        parameters["response"] = "json";
        var query = string.Join('&', parameters.OrderBy(one => one.Key, StringComparer.OrdinalIgnoreCase).Select(one => $"{one.Key}={Uri.EscapeDataString(one.Value)}"));
#pragma warning disable CA5350 // CloudStack's own choice.
        var signature = Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(_endpoint.SecretKey), Encoding.UTF8.GetBytes(query.ToLower(CultureInfo.InvariantCulture))));
#pragma warning restore CA5350
        using var answer = await _http.GetAsync($"{_endpoint.Endpoint}?{query}&signature={Uri.EscapeDataString(signature)}", cancellation);
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        if (!answer.IsSuccessStatusCode) throw new LabException($"CloudStack answered {command} with {(int)answer.StatusCode}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.EnumerateObject().Single().Value.Clone();
    }
}
