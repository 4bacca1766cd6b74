using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Durable.Http;

namespace SnapshotWorkflows.Durable.Engine.Http;

/// <summary>One request of <c>CallHttpAsync</c>. Settings named in headers are looked up here, so that their values are in no history.</summary>
internal sealed partial class HttpCallActivity(IHttpClientFactory clients, IConfiguration? configuration, IActivityExecution execution, TimeProvider time, int maxContentBytes)
    : TaskActivity<DurableHttpRequest, DurableHttpResponse>
{
    public const string ClientName = "DurableHttp";

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(100);

    public override async Task<DurableHttpResponse> RunAsync(TaskActivityContext context, DurableHttpRequest input)
    {
        var limit = input.Timeout is { } timeout && timeout < s_longest ? timeout : s_longest;
        using var deadline = new CancellationTokenSource(limit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, execution.CancellationToken);
        using var client = clients.CreateClient(ClientName);
        client.Timeout = Timeout.InfiniteTimeSpan;
        client.MaxResponseContentBufferSize = maxContentBytes;
        try
        {
            for (var hops = 0; ; hops++)
            {
                using var request = Message(input);
                using var response = await client.SendAsync(request, linked.Token);
                if (hops < HttpRedirect.Most && HttpRedirect.Next(input, response) is { } next)
                {
                    input = next;
                    continue;
                }
                var content = await response.Content.ReadAsStringAsync(linked.Token);
                return new DurableHttpResponse(response.StatusCode, Headers(response), content);
            }
        }
        catch (OperationCanceledException exception) when (deadline.IsCancellationRequested && !execution.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{input.Method} {input.Uri.GetLeftPart(UriPartial.Path)} took longer than {limit.TotalSeconds:0.#} s.", exception);
        }
    }

    private HttpRequestMessage Message(DurableHttpRequest input)
    {
        var request = new HttpRequestMessage(input.Method, input.Uri);
        if (input.Content is not null)
            request.Content = new StringContent(input.Content, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
        foreach (var (name, values) in input.Headers ?? new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase))
        {
            string[] resolved = [.. values.Select(value => SettingName().Replace(value ?? "", Resolve))];
            if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) && request.Content is not null)
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(resolved[0]);
            else if (!request.Headers.TryAddWithoutValidation(name, resolved))
                request.Content?.Headers.TryAddWithoutValidation(name, resolved);
        }
        return request;
    }

    /// <exception cref="InvalidOperationException">There is no such setting.</exception>
    private string Resolve(Match match) => configuration?[match.Groups[1].Value]
        ?? throw new InvalidOperationException($"A header names the setting '{match.Groups[1].Value}', which this process does not have.");

    /// <summary>What answers hand out for the next request (cookies) is a secret between the two, and nothing for a history.</summary>
    private static Dictionary<string, StringValues> Headers(HttpResponseMessage response) => response.Headers.Concat(response.Content.Headers)
        .Where(header => !header.Key.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase))
        .ToDictionary(header => header.Key, header => new StringValues([.. header.Value]), StringComparer.OrdinalIgnoreCase);

    [GeneratedRegex("%([A-Za-z_][A-Za-z0-9_.:-]*)%")]
    private static partial Regex SettingName();
}
