using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>What the product answered: the status code and the body, whatever it was.</summary>
internal sealed record ApiAnswer(int Status, Uri? Location, JsonElement Body)
{
    /// <summary>What asks for the next page; null behind the last.</summary>
    public string? Continuation { get; init; }

    /// <summary>Member of the body as text; null when absent.</summary>
    public string? this[string member] =>
        Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty(member, out var value) ? value.ToString() : null;
}

/// <summary>How a snapshot stands, as <c>GET /api/snapshots/{id}</c> tells it.</summary>
internal sealed record SnapshotStatus(
    string Id, string State, bool Ended, string? Step, SnapshotProgress? Progress, SnapshotFailure? Waiting, SnapshotVerdict? Verified, string? Manifest, string? Location, string? Consistency,
    SnapshotFailure? Failure);

/// <summary>How a restore stands, as <c>GET /api/restores/{id}</c> tells it.</summary>
internal sealed record RestoreStatus(
    string Id, string State, bool Ended, string? Step, SnapshotProgress? Progress, SnapshotFailure? Waiting, string? Root, RestoredVolume? Volume, bool TargetTouched, SnapshotFailure? Failure);

/// <summary>How a group stands, as <c>GET /api/groups/{id}</c> tells it.</summary>
internal sealed record GroupStatus(
    string Id, string State, bool Ended, string? Step, SnapshotFailure? Waiting, string? Consistency, double? FrozenMs, IReadOnlyList<GroupMemberStatus> Members, string? Manifest, SnapshotFailure? Failure);

internal sealed record GroupMemberStatus(string VolumeId, string SnapshotId, string State, string? Manifest, SnapshotFailure? Failure);

internal sealed record RestoredVolume(string ClusterUuid, long VolumeId, string Iqn, string VdiUuid, string SrUuid);

internal sealed record SnapshotProgress(string? Step, long? Bytes, long? Total, double? Rate, double? EtaSeconds);

internal sealed record SnapshotVerdict(string? Level);

internal sealed record SnapshotFailure(string Code, string Message, string? Remedy, string? Step);

/// <summary>The product's HTTP surface, called as a person with curl would call it.</summary>
internal sealed class SnapshotApi(Uri address) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private const string Continuation = "x-ms-continuation-token";

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };

    public Uri Address => address;

    /// <summary>An access key; sent with every call once it is known.</summary>
    public string? Key { get; set; }

    public Task<ApiAnswer> PostSnapshotAsync(object body, string? idempotencyKey, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, "/api/snapshots", body, idempotencyKey, cancellation);

    public Task<ApiAnswer> PostAsync(string path, object body, string? idempotencyKey, CancellationToken cancellation) => SendAsync(HttpMethod.Post, path, body, idempotencyKey, cancellation);

    public Task<ApiAnswer> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, null, cancellation);

    /// <summary>One page of a list.</summary>
    public Task<ApiAnswer> GetAsync(string path, string? continuation, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, null, cancellation, continuation);

    public Task<ApiAnswer> DeleteAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Delete, path, null, null, cancellation);

    /// <summary>One group's status.</summary>
    public async Task<GroupStatus> FindGroupAsync(string id, CancellationToken cancellation)
    {
        var answer = await GetAsync($"/api/groups/{id}", cancellation);
        return answer.Status == 200 ? answer.Body.Deserialize<GroupStatus>(Json)! : throw new LabException($"GET /api/groups/{id} answered {answer.Status}: {answer.Body}");
    }

    /// <summary>One restore's status.</summary>
    public async Task<RestoreStatus?> FindRestoreAsync(string id, CancellationToken cancellation)
    {
        var answer = await GetAsync($"/api/restores/{id}", cancellation);
        return answer.Status == 200 ? answer.Body.Deserialize<RestoreStatus>(Json) : throw new LabException($"GET /api/restores/{id} answered {answer.Status}: {answer.Body}");
    }

    /// <summary>One snapshot's status; null when the product knows no such snapshot.</summary>
    public async Task<SnapshotStatus?> FindSnapshotAsync(string id, CancellationToken cancellation)
    {
        var answer = await SendAsync(HttpMethod.Get, $"/api/snapshots/{id}", null, null, cancellation);
        return answer.Status switch
        {
            200 => answer.Body.Deserialize<SnapshotStatus>(Json),
            404 => null,
            _ => throw new LabException($"GET /api/snapshots/{id} answered {answer.Status}: {answer.Body}"),
        };
    }

    /// <summary>Whether a probe answers with success.</summary>
    public async Task<bool> AnswersAsync(string probe, CancellationToken cancellation)
    {
        try
        {
            using var answer = await _http.GetAsync(probe, cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // Not listening yet.
            return false;
        }
    }

    public void Dispose() => _http.Dispose();

    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, object? body, string? idempotencyKey, CancellationToken cancellation, string? continuation = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body, new MediaTypeHeaderValue("application/json"), Json);
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        if (Key is not null) request.Headers.Add("x-functions-key", Key);
        if (continuation is not null) request.Headers.Add(Continuation, continuation);
        using var answer = await _http.SendAsync(request, cancellation);
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        return new ApiAnswer((int)answer.StatusCode, answer.Headers.Location, Parse(text))
        {
            Continuation = answer.Headers.TryGetValues(Continuation, out var next) ? next.FirstOrDefault() : null,
        };
    }

    private static JsonElement Parse(string text)
    {
        if (text.Length == 0) return default;
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text);
        }
    }
}
