using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace SnapshotWorkflows.SolidFire;

/// <summary>Element JSON-RPC client of one cluster. Reads are repeated on passing faults; writes are sent once.</summary>
/// <remarks>Every failure but the caller's own cancellation is a <see cref="SolidFireException"/>, whose kind says what may be done about it.</remarks>
public sealed partial class SolidFireClient
{
    private static readonly JsonDocumentOptions s_strict = new() { MaxDepth = 64 };
    private readonly HttpClient _http;
    private readonly SolidFireOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SolidFireClient> _logger;
    private readonly AuthenticationHeaderValue _authorization;
    private readonly ResiliencePipeline _reads;
    private readonly ConcurrentDictionary<string, byte> _ignored = new(StringComparer.Ordinal);
    private long _requestId;

    /// <param name="http">Over a handler that checks the server's certificate; its own timeout should be infinite, the deadline is ours.</param>
    public SolidFireClient(HttpClient http, SolidFireOptions options, TimeProvider time, ILogger<SolidFireClient> logger)
    {
        _http = http;
        _options = options;
        _time = time;
        _logger = logger;
        // Sent with the first request: waiting for the challenge would double every call.
        _authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{options.Username}:{options.Password}")));
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.ReadAttempts > 1)
            pipeline.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<SolidFireException>(fault => fault.Kind == SolidFireErrorKind.Transient),
                MaxRetryAttempts = options.ReadAttempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.RetryDelayMax,
                OnRetry = retry =>
                {
                    var fault = (SolidFireException)retry.Outcome.Exception!;
                    _logger.ReadingAgain(fault.Method, fault.ErrorName, retry.RetryDelay.TotalMilliseconds, retry.AttemptNumber + 2);
                    return default;
                },
            });
        _reads = pipeline.Build();
    }

    /// <summary>Parameters, as <c>Method.parameter</c>, that the cluster said it does not know: the API version in the endpoint is older than what we send.</summary>
    public IReadOnlyCollection<string> IgnoredParameters => [.. _ignored.Keys.Order(StringComparer.Ordinal)];

    private async Task<T> ReadAsync<T>(string method, JsonObject parameters, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var body = Compose(method, parameters);
        return await _reads.ExecuteAsync(async token => await SendAsync(method, body, type, write: false, token), cancellation);
    }

    private Task<T> WriteAsync<T>(string method, JsonObject parameters, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        SendAsync(method, Compose(method, parameters), type, write: true, cancellation);

    private string Compose(string method, JsonObject parameters) =>
        new JsonObject { ["method"] = method, ["params"] = parameters, ["id"] = Interlocked.Increment(ref _requestId) }.ToJsonString();

    private async Task<T> SendAsync<T>(string method, string body, JsonTypeInfo<T> type, bool write, CancellationToken cancellation)
    {
        var (status, bytes) = await ExchangeAsync(method, body, write, cancellation);
        JsonElement reply;
        try
        {
            reply = WireJson.Parse(bytes, s_strict);
        }
        catch (JsonException)
        {
            throw NotAnAnswer(method, status, write);
        }
        if (reply.ValueKind != JsonValueKind.Object) throw NotAnAnswer(method, status, write);
        if (reply.TryGetProperty("unusedParameters", out var unused) && unused.ValueKind == JsonValueKind.Object && unused.EnumerateObject().Any())
            NoteIgnored(method, unused);
        if (reply.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object) throw Refused(method, error, write);
        if (status != HttpStatusCode.OK || !reply.TryGetProperty("result", out var result)) throw NotAnAnswer(method, status, write);
        try
        {
            return result.Deserialize(type) ?? throw new JsonException("The result is null.");
        }
        catch (JsonException fault)
        {
            // The exception's own text names the path, never a value. After a write the effect stands although we cannot read about it.
            throw Lost(method, SolidFireErrors.AnswerLost, $"The answer could not be read ({fault.Path ?? "result"}).", write, transient: false, fault);
        }
    }

    /// <summary>A parameter that was ignored may have been one that mattered: it is said once for each, in the log and in <see cref="IgnoredParameters"/>.</summary>
    private void NoteIgnored(string method, JsonElement unused)
    {
        var fresh = unused.EnumerateObject().Select(member => member.Name).Where(name => _ignored.TryAdd($"{method}.{name}", 0)).ToList();
        if (fresh.Count > 0) _logger.ParametersIgnored(method, string.Join(", ", fresh));
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> ExchangeAsync(string method, string body, bool write, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(_options.CallTimeout, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, _options.Endpoint) { Content = new StringContent(body, Encoding.UTF8, "application/json-rpc") };
        request.Headers.Authorization = _authorization;
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            return (response.StatusCode, await BoundedBody.ReadAsync(response.Content, linked.Token));
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw Lost(method, SolidFireErrors.TimedOut, $"{_options.Endpoint?.Authority} gave no answer within {_options.CallTimeout.TotalSeconds:0.#} s.", write, transient: true,
                new TimeoutException($"{method} took longer than {_options.CallTimeout.TotalSeconds:0.#} s", fault));
        }
        catch (HttpRequestException fault) when (Causes(fault).OfType<CertificateNotTrustedException>().FirstOrDefault() is { } untrusted)
        {
            throw new SolidFireException(method, SolidFireErrors.CertificateNotTrusted, SolidFireErrorKind.PermissionDenied, untrusted.Message, untrusted);
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
        {
            // No connection, so no request: even a write has certainly not been done.
            throw new SolidFireException(method, SolidFireErrors.NotConnected, SolidFireErrorKind.Transient,
                $"{_options.Endpoint?.Authority} cannot be reached ({fault.HttpRequestError}); check {_options.SettingsPath}:Endpoint and the network.", fault);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw Lost(method, SolidFireErrors.AnswerLost, "The connection broke before the answer was read.", write, transient: true, fault);
        }
    }

    private SolidFireException Refused(string method, JsonElement error, bool write)
    {
        var name = error.TryGetProperty("name", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "unnamed";
        var message = error.TryGetProperty("message", out value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "no message";
        // A server may echo what it was given.
        message = message.Replace(_options.Password, "(secret)", StringComparison.Ordinal).Replace(_authorization.Parameter!, "(secret)", StringComparison.Ordinal);
        var kind = SolidFireErrors.Classify(name, write);
        return kind == SolidFireErrorKind.OutcomeUnknown
            ? new SolidFireOutcomeUnknownException(method, name, message)
            : new SolidFireException(method, name, kind, message);
    }

    private SolidFireException NotAnAnswer(string method, HttpStatusCode status, bool write) => (int)status switch
    {
        401 or 403 => new(method, $"Http{(int)status}", SolidFireErrorKind.PermissionDenied, $"The cluster refuses the credentials; check {_options.SettingsPath}:Username and {_options.SettingsPath}:Password."),
        404 => new(method, "Http404", SolidFireErrorKind.Rejected, $"The cluster does not know {_options.Endpoint?.AbsolutePath}; check the API version in {_options.SettingsPath}:Endpoint."),
        429 => new(method, "Http429", SolidFireErrorKind.Busy, "The cluster asks for fewer calls."),
        >= 500 or 200 or 408 => Lost(method, $"Http{(int)status}", "The reply is not a JSON-RPC answer.", write, transient: true),
        _ => new(method, $"Http{(int)status}", SolidFireErrorKind.Rejected, $"The reply is not a JSON-RPC answer; check {_options.SettingsPath}:Endpoint."),
    };

    private static SolidFireException Lost(string method, string name, string message, bool write, bool transient, Exception? inner = null) => write
        ? new SolidFireOutcomeUnknownException(method, name, message, inner)
        : new SolidFireException(method, name, transient ? SolidFireErrorKind.Transient : SolidFireErrorKind.Rejected, message, inner);

    private static IEnumerable<Exception> Causes(Exception fault)
    {
        for (Exception? cause = fault; cause is not null; cause = cause.InnerException) yield return cause;
    }

    private static JsonArray Ids(IEnumerable<long> ids) => new([.. ids.Select(id => JsonValue.Create(id))]);
}
