using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace SnapshotWorkflows.CloudStack;

/// <summary>Client of CloudStack's query API: every call is a signed POST. Reads are repeated on passing faults; writes are sent once.</summary>
/// <remarks>Every failure but the caller's own cancellation is a <see cref="CloudStackException"/>, whose kind says what may be done about it.</remarks>
public sealed partial class CloudStackClient
{
    private readonly HttpClient _http;
    private readonly CloudStackOptions _options;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline _reads;

    /// <param name="http">Over a handler that checks the server's certificate; its own timeout should be infinite, the deadline is ours.</param>
    public CloudStackClient(HttpClient http, CloudStackOptions options, TimeProvider time, ILogger<CloudStackClient> logger)
    {
        _http = http;
        _options = options;
        _time = time;
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.ReadAttempts > 1)
            pipeline.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<CloudStackException>(fault => fault.Kind is CloudStackErrorKind.Transient || fault.ErrorCode == 429),
                MaxRetryAttempts = options.ReadAttempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.RetryDelayMax,
                OnRetry = retry =>
                {
                    var fault = (CloudStackException)retry.Outcome.Exception!;
                    logger.ReadingAgain(fault.Command, fault.ErrorCode, retry.RetryDelay.TotalMilliseconds, retry.AttemptNumber + 2);
                    return default;
                },
            });
        _reads = pipeline.Build();
    }

    private async Task<JsonElement> ReadAsync(string command, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellation) =>
        await _reads.ExecuteAsync(async token => await SendAsync(command, parameters, write: false, token), cancellation);

    private Task<JsonElement> WriteAsync(string command, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellation) =>
        SendAsync(command, parameters, write: true, cancellation);

    private async Task<JsonElement> SendAsync(string command, IReadOnlyDictionary<string, string> parameters, bool write, CancellationToken cancellation)
    {
        // Signed anew for each try: the expiry is part of what is signed.
        var form = RequestSignature.Sign(new Dictionary<string, string>(parameters) { ["command"] = command }, _options.ApiKey, _options.SecretKey, _time.GetUtcNow() + _options.SignatureLifetime);
        var (status, bytes) = await ExchangeAsync(command, form, write, cancellation);
        JsonElement reply;
        try
        {
            reply = WireJson.Parse(bytes);
        }
        catch (JsonException fault)
        {
            throw Unreadable(command, status, write, fault);
        }
        // One member, named after the command ("errorresponse" at times): {"listvolumesresponse":{...}}.
        if (reply.ValueKind != JsonValueKind.Object || reply.EnumerateObject().Select(member => member.Value).FirstOrDefault() is not { ValueKind: JsonValueKind.Object } body)
            throw Unreadable(command, status, write, null);
        if (Number(body, "errorcode") is { } code) throw Refused(command, code, body, write);
        return status == 200 ? body : throw Unreadable(command, status, write, null);
    }

    private async Task<(int Status, byte[] Body)> ExchangeAsync(string command, string form, bool write, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(_options.CallTimeout, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        // The form is signed as it stands, so it is sent as it stands.
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(form));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        using var request = new HttpRequestMessage(HttpMethod.Post, _options.Endpoint) { Content = content };
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            return ((int)response.StatusCode, await BoundedBody.ReadAsync(response.Content, linked.Token));
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw Lost(command, 0, $"No answer within {_options.CallTimeout.TotalSeconds:0.#} s.", write, new TimeoutException($"{command} took longer than {_options.CallTimeout.TotalSeconds:0.#} s", fault));
        }
        catch (HttpRequestException fault) when (Causes(fault).OfType<CertificateNotTrustedException>().FirstOrDefault() is { } untrusted)
        {
            throw new CloudStackException(command, 0, 0, CloudStackErrorKind.PermissionDenied, untrusted.Message, untrusted);
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
        {
            // No connection, so no request: even a write has certainly not been done.
            throw new CloudStackException(command, 0, 0, CloudStackErrorKind.Transient,
                $"{_options.Endpoint?.Authority} cannot be reached ({fault.HttpRequestError}); check CloudStack:Endpoint and the network.", fault);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw Lost(command, 0, "The connection broke before the answer was read.", write, fault);
        }
    }

    private CloudStackException Refused(string command, int code, JsonElement body, bool write)
    {
        // A server may echo what it was given.
        var text = (Text(body, "errortext") ?? "no text").Replace(_options.SecretKey, "(secret)", StringComparison.Ordinal).Replace(_options.ApiKey, "(key)", StringComparison.Ordinal);
        var kind = CloudStackErrors.Classify(code, text, write);
        if (kind == CloudStackErrorKind.OutcomeUnknown) return new CloudStackOutcomeUnknownException(command, code, text);
        var advice = code switch
        {
            401 => " Check CloudStack:ApiKey, CloudStack:SecretKey, and that both machines' clocks agree.",
            432 => " The server does not know the command, or the keys' role may not call it.",
            _ => "",
        };
        return new CloudStackException(command, code, Number(body, "cserrorcode") ?? 0, kind, text + advice);
    }

    private static CloudStackException Unreadable(string command, int status, bool write, Exception? inner) => status switch
    {
        401 or 403 => new CloudStackException(command, status, 0, CloudStackErrorKind.PermissionDenied, "The server refuses the keys; check CloudStack:ApiKey and CloudStack:SecretKey.", inner),
        429 => new CloudStackException(command, status, 0, CloudStackErrorKind.Busy, "The server asks for fewer calls.", inner),
        200 or 408 or >= 500 => Lost(command, status, "The reply is not an answer of the API.", write, inner),
        _ => new CloudStackException(command, status, 0, CloudStackErrorKind.Rejected, "The reply is not an answer of the API; check CloudStack:Endpoint.", inner),
    };

    private static CloudStackException Lost(string command, int code, string message, bool write, Exception? inner) => write
        ? new CloudStackOutcomeUnknownException(command, code, message, inner)
        : new CloudStackException(command, code, 0, CloudStackErrorKind.Transient, message, inner);

    private static IEnumerable<Exception> Causes(Exception fault)
    {
        for (Exception? cause = fault; cause is not null; cause = cause.InnerException) yield return cause;
    }

    private static string? Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? value.ToString() : null;

    private static int? Number(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;
}
