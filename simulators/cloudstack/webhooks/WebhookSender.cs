using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>Where events go, and the secret they are signed with; null: unsigned.</summary>
public sealed record WebhookTarget(Uri PayloadUrl, string? SecretKey = null);

/// <summary>What became of one delivery.</summary>
/// <param name="Status">The last answer's status; null when none came.</param>
public sealed record WebhookDelivery(string EventId, string EventType, int Tries, int? Status, bool Success);

/// <summary>
/// Sends action events as CloudStack 4.20 does (plugins/event-bus/webhook): up to three tries at once after one another, ten seconds
/// each, only 200 counts, the queue is in memory, and no time stamp is sent: a receiver tells duplicates by X-CS-Event-ID.
/// </summary>
public sealed class WebhookSender : IDisposable
{
    /// <summary><c>webhook.delivery.tries</c>.</summary>
    public const int Tries = 3;

    private readonly HttpClient http;
    private readonly TimeSpan timeout;
    private readonly ConcurrentQueue<WebhookDelivery> deliveries = new();
    private readonly ConcurrentDictionary<Task, bool> underWay = new();
    private volatile WebhookTarget? target;

    /// <param name="timeout"><c>webhook.delivery.timeout</c>; ten seconds unless given.</param>
    public WebhookSender(HttpMessageHandler? handler = null, TimeSpan? timeout = null)
    {
        http = new HttpClient(handler ?? new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
        this.timeout = timeout ?? TimeSpan.FromSeconds(10);
    }

    /// <summary>The deliveries that have ended, oldest first.</summary>
    public IReadOnlyList<WebhookDelivery> Deliveries => [.. deliveries];

    /// <summary>Sends from now on to this address; null: nowhere.</summary>
    public void SetTarget(WebhookTarget? webhook) => target = webhook;

    /// <summary>Queues an event for the present target.</summary>
    public void Enqueue(CloudActionEvent occurred)
    {
        if (target is not { } webhook)
        {
            return;
        }

        var sending = Task.Run(() => DeliverAsync(webhook, occurred));
        underWay[sending] = true;
        _ = sending.ContinueWith(ended => underWay.TryRemove(ended, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Waits for what is on its way.</summary>
    public Task DrainAsync() => Task.WhenAll(underWay.Keys);

    /// <summary>Delivers one event; nothing is thrown, the result says how it ended.</summary>
    public async Task<WebhookDelivery> DeliverAsync(WebhookTarget webhook, CloudActionEvent occurred)
    {
        int? status = null;
        var tries = 0;
        while (tries < Tries && status != (int)HttpStatusCode.OK)
        {
            tries++;
            status = await TryAsync(webhook, occurred);
        }

        var delivery = new WebhookDelivery(occurred.Id, occurred.Type, tries, status, status == (int)HttpStatusCode.OK);
        deliveries.Enqueue(delivery);
        return delivery;
    }

    /// <inheritdoc />
    public void Dispose() => http.Dispose();

    private async Task<int?> TryAsync(WebhookTarget webhook, CloudActionEvent occurred)
    {
        var body = Encoding.UTF8.GetBytes(occurred.ToBody());
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook.PayloadUrl) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-CS-Event-ID", occurred.Id);
        request.Headers.Add("X-CS-Event", occurred.Type);
        request.Headers.TryAddWithoutValidation("User-Agent", $"CS-Hookshot/{occurred.Account}");
        if (webhook.SecretKey is { } secret)
        {
            request.Headers.Add("X-CS-Signature", Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body)));
        }

        using var patience = new CancellationTokenSource(timeout, TimeProvider.System);
        try
        {
            using var answer = await http.SendAsync(request, patience.Token);
            return (int)answer.StatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }
}
