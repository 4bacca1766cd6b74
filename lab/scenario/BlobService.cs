using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>GET of the Blob REST API, signed with the account's key (learn.microsoft.com, "Authorize with Shared Key"); nothing of the product or of an SDK is used.</summary>
internal sealed class BlobService(Uri account, string name, string key) : IDisposable
{
    private const string Version = "2021-08-06";

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(5) };

    /// <returns>Null where there is no such thing.</returns>
    public async Task<byte[]?> GetAsync(string path, SortedDictionary<string, string> query, CancellationToken cancellation)
    {
        using var answer = await SendAsync(path, query, cancellation);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellation);
    }

    /// <returns>False where there is no such blob.</returns>
    public async Task<bool> DownloadAsync(string path, string target, CancellationToken cancellation)
    {
        using var answer = await SendAsync(path, [], cancellation);
        if (answer.StatusCode == HttpStatusCode.NotFound) return false;
        await using var file = File.Create(target);
        await answer.EnsureSuccessStatusCode().Content.CopyToAsync(file, cancellation);
        return file.Length == (answer.Content.Headers.ContentLength ?? file.Length) ? true : throw new LabException($"{path} came only in part.");
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(string path, SortedDictionary<string, string> query, CancellationToken cancellation)
    {
        var used = query.Where(pair => pair.Value.Length > 0).ToList();
        var address = $"{account}{path}{(used.Count > 0 ? "?" + string.Join('&', used.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}")) : "")}";
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        var date = DateTime.UtcNow.ToString("R");
        request.Headers.Add("x-ms-date", date);
        request.Headers.Add("x-ms-version", Version);
        // Path style: the account stands in the address once and in the resource once more.
        var resource = $"/{name}{request.RequestUri!.AbsolutePath}" + string.Concat(used.Select(pair => $"\n{pair.Key}:{pair.Value}"));
        var text = $"GET{new string('\n', 12)}x-ms-date:{date}\nx-ms-version:{Version}\n{resource}";
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(key), Encoding.UTF8.GetBytes(text)));
        request.Headers.TryAddWithoutValidation("Authorization", $"SharedKey {name}:{signature}");
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }
}
