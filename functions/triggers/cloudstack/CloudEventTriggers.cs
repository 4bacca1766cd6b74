using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>
/// POST /api/cloudstack/events: CloudStack's webhook. Exactly 200 once the event is stored, within a second, or else 503 within it; CloudStack counts anything else than 200 as a failure, sends three times at once and then forgets.
/// What it says is only a hint: a workflow looks the snapshot up.
/// </summary>
public sealed partial class CloudEventTriggers(EventIntake intake, EventLedger events, IOptions<WebhookOptions> options, TimeProvider time, ILogger<CloudEventTriggers> logger)
{
    private const int EventIdMax = 100;
    private const int Catch = 100;
    private static readonly TimeSpan s_startPatience = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan s_remembered = TimeSpan.FromDays(90);

    [Function("TakeCloudEvent")]
    public async Task<IActionResult> TakeAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "cloudstack/events")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            if (options.Value.Secret.Length == 0)
            {
                return new ProblemResult(503, "webhook.not-configured", "No secret is set for CloudStack's webhook, so nothing that comes here can be trusted.", "Set CloudStack:Webhook:Secret to the webhook's secretkey.");
            }

            if (await request.TryReadBodyAsync(cancellation) is not { } body)
            {
                return new ProblemResult(413, "request.too-large", "The body is larger than any event of CloudStack's.", "Point only a CloudStack webhook at this address.");
            }

            if (!WebhookSignature.Fits(options.Value.Secret, body.Span, request.Headers["X-CS-Signature"].ToString()))
            {
                return new ProblemResult(401, "webhook.signature", "X-CS-Signature does not fit the body.", "Give CloudStack's webhook the same secretkey as CloudStack:Webhook:Secret.");
            }

            var id = request.Headers["X-CS-Event-ID"].ToString();
            if (id.Length is 0 or > EventIdMax || !id.All(static c => c is > ' ' and < '\x7f'))
            {
                throw new BadRequestException("event.no-id", "X-CS-Event-ID is missing or unusable, so repetitions could not be told.", "Point a CloudStack webhook (4.20 or later) at this address.");
            }

            if (Wanted(id, CloudEventBody.Parse(body)) is { } occurred)
            {
                if (await intake.AcceptAsync(occurred, cancellation) is not { } isNew)
                {
                    request.HttpContext.Response.Headers.RetryAfter = "5";
                    return new ProblemResult(503, "webhook.busy", "The catalog is busy, so the event is not known to be stored.", "Send it again; what is lost is made up within ten minutes.");
                }

                if (isNew) await StartAsync(client, occurred, cancellation);
            }

            return new StatusCodeResult(StatusCodes.Status200OK);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    /// <summary>Starts what was stored and, for a death or a slow hub, not started; and forgets very old ids.</summary>
    [Function("CatchUpCloudEvents")]
    public async Task CatchUpAsync([TimerTrigger("15 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = timer;
        foreach (var occurred in events.Waiting(Catch))
        {
            await client.StartOnceAsync("HandleCloudEvent", occurred, occurred.Instance, cancellation);
            events.Started(occurred.Id);
        }

        if (time.GetUtcNow().Minute == 0) events.Forget(time.GetUtcNow() - s_remembered);
    }

    /// <summary>Everything in the webhook's scope is delivered; only finished snapshots matter, and of those only their ids.</summary>
    private static CloudEvent? Wanted(string id, CloudEventBody body) =>
        body is { Type: "SNAPSHOT.CREATE", Status: "Completed" } && Guid.TryParseExact(body.EntityId, "D", out var snapshot) ? new CloudEvent(id, body.Type, snapshot.ToString("D")) : null;

    private async Task StartAsync(DurableTaskClient client, CloudEvent occurred, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(s_startPatience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            await client.StartOnceAsync("HandleCloudEvent", occurred, occurred.Instance, linked.Token);
            await intake.StartedAsync(occurred.Id);
        }
#pragma warning disable CA1031 // Whatever the hub says: the event is stored, and any answer but 200 would count as a loss. It is logged, and the next minute starts it.
        catch (Exception notNow)
#pragma warning restore CA1031
        {
            StartedLater(logger, occurred.Id, notNow is OperationCanceledException or TimeoutException ? "it is slow" : $"{notNow.GetType().Name}: {notNow.Message}");
        }
    }

    [LoggerMessage(EventId = 4302, Level = LogLevel.Warning, Message = "The hub does not start event {EventId} now ({Why}); it is stored and is started within the minute")]
    private static partial void StartedLater(ILogger logger, string eventId, string why);
}
