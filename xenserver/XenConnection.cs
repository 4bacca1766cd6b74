using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace SnapshotWorkflows.XenServer;

internal enum CallKind
{
    /// <summary>Changes nothing; repeated on passing faults.</summary>
    Read,

    /// <summary>Changes nothing but logs in to storage, so it takes long; not repeated, since each try costs minutes.</summary>
    Probe,

    /// <summary>Changes something; sent once.</summary>
    Write,

    /// <summary>Changes something and works on storage, so it takes long; sent once.</summary>
    StorageWrite,
}

/// <summary>JSON-RPC to one pool: the session, the way to the coordinator, deadlines, and the three spellings of an error.</summary>
internal sealed class XenConnection : IDisposable
{
    private const string Originator = "SnapshotWorkflows";
    private const int MovesMax = 3;
    private readonly HttpClient _http;
    private readonly ResiliencePipeline _reads;
    private readonly SemaphoreSlim _loggingIn = new(1, 1);
    private readonly ConcurrentDictionary<string, byte> _secrets = new(StringComparer.Ordinal);
    private volatile Uri _coordinator;
    private volatile string? _session;
    private long _requestId;

    public XenConnection(HttpClient http, XenServerPoolOptions options, TimeProvider time, ILogger logger)
    {
        _http = http;
        Options = options;
        Time = time;
        Logger = logger;
        _coordinator = new Uri(options.Endpoint!.GetLeftPart(UriPartial.Authority));
        Conceal(options.Password);
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.ReadAttempts > 1)
            pipeline.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<XenApiException>(fault => fault.Kind == XenApiErrorKind.Transient),
                MaxRetryAttempts = options.ReadAttempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.RetryDelayMax,
                OnRetry = retry =>
                {
                    var fault = (XenApiException)retry.Outcome.Exception!;
                    Logger.ReadingAgain(Options.Name, fault.Method, fault.Code, retry.RetryDelay.TotalMilliseconds, retry.AttemptNumber + 2);
                    return default;
                },
            });
        _reads = pipeline.Build();
    }

    public XenServerPoolOptions Options { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public HttpClient Http => _http;

    public Uri Coordinator => _coordinator;

    /// <summary>Keeps a text out of every message: pools echo what they were given.</summary>
    public void Conceal(string? secret)
    {
        if (!string.IsNullOrEmpty(secret)) _secrets.TryAdd(secret, 0);
    }

    public string Redact(string text)
    {
        foreach (var secret in _secrets.Keys) text = text.Replace(secret, "(secret)", StringComparison.Ordinal);
        return _session is { } session ? text.Replace(session, "(session)", StringComparison.Ordinal) : text;
    }

    /// <summary>Calls a method with the session put before the arguments.</summary>
    public async Task<JsonElement> CallAsync(string method, CallKind kind, JsonArray arguments, CancellationToken cancellation) => kind == CallKind.Read
        ? await _reads.ExecuteAsync(async token => await OnceAsync(method, kind, arguments, token), cancellation)
        : await OnceAsync(method, kind, arguments, cancellation);

    public async Task<string> SessionAsync(CancellationToken cancellation)
    {
        if (_session is { } open) return open;
        await _loggingIn.WaitAsync(cancellation);
        try
        {
            return _session ?? await LogInAsync(cancellation);
        }
        finally
        {
            _loggingIn.Release();
        }
    }

    public void Forget(string session)
    {
        if (_session == session) _session = null;
    }

    /// <summary>Ends the session, if there is one.</summary>
    public async Task LogOutAsync(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _session, null) is not { } session) return;
        try
        {
            await ExchangeAsync("session.logout", CallKind.Write, new JsonArray(session), cancellation);
        }
        catch (XenApiException fault)
        {
            Logger.SessionLeft(Options.Name, fault.Code);
        }
    }

    public void Dispose() => _loggingIn.Dispose();

    private async Task<JsonElement> OnceAsync(string method, CallKind kind, JsonArray arguments, CancellationToken cancellation)
    {
        for (var moves = 0; ; moves++)
        {
            var session = await SessionAsync(cancellation);
            try
            {
                return await ExchangeAsync(method, kind, new JsonArray([JsonValue.Create(session), .. arguments.Select(argument => argument?.DeepClone())]), cancellation);
            }
            // Both are said before the call is looked at, so even a write may be sent again.
            catch (XenApiException fault) when (fault.Code == XenApiErrors.SessionInvalid && moves < MovesMax)
            {
                Forget(session);
            }
            catch (XenApiException fault) when (fault.Code == XenApiErrors.HostIsSlave && moves < MovesMax)
            {
                Forget(session);
                GoOnTo(fault);
            }
            catch (XenApiException fault) when (fault.Code == XenApiErrors.NotConnected && FellBack() && moves < MovesMax)
            {
                // The coordinator we were sent to is gone; whoever took over is found from the configured address.
                Forget(session);
            }
        }
    }

    private async Task<string> LogInAsync(CancellationToken cancellation)
    {
        for (var moves = 0; ; moves++)
        {
            try
            {
                var reply = await ExchangeAsync("session.login_with_password", CallKind.Read, new JsonArray(Options.Username, Options.Password, "1.0", Originator), cancellation);
                var session = reply.ValueKind == JsonValueKind.String ? reply.GetString()! : throw new XenApiException("session.login_with_password", XenApiErrors.AnswerLost, [], XenApiErrorKind.Permanent, "The answer is no session.");
                _session = session;
                Logger.LoggedIn(Options.Name, _coordinator.Authority);
                return session;
            }
            catch (XenApiException fault) when (fault.Code == XenApiErrors.HostIsSlave && moves < MovesMax)
            {
                GoOnTo(fault);
            }
            catch (XenApiException fault) when (fault.Code == XenApiErrors.NotConnected && FellBack() && moves < MovesMax)
            {
                // As above.
            }
        }
    }

    /// <summary>The connection to the new address is held to the same certificates, so a false word leads nowhere.</summary>
    private void GoOnTo(XenApiException fault)
    {
        var address = fault.Parameters.Count > 0 ? HostAddress.Resolve(fault.Parameters[0], Options.Endpoint!) : null;
        if (address is null) throw new XenApiException(fault.Method, fault.Code, fault.Parameters, XenApiErrorKind.Permanent, "The coordinator's address cannot be read.", fault);
        Logger.SentOn(Options.Name, _coordinator.Authority, address.Authority);
        _coordinator = address;
    }

    private bool FellBack()
    {
        var configured = new Uri(Options.Endpoint!.GetLeftPart(UriPartial.Authority));
        if (_coordinator == configured) return false;
        _coordinator = configured;
        return true;
    }

    private async Task<JsonElement> ExchangeAsync(string method, CallKind kind, JsonArray parameters, CancellationToken cancellation)
    {
        var write = kind is CallKind.Write or CallKind.StorageWrite;
        var body = new JsonObject { ["jsonrpc"] = "2.0", ["method"] = method, ["params"] = parameters, ["id"] = Interlocked.Increment(ref _requestId) }.ToJsonString();
        var (status, bytes) = await SendAsync(method, body, write, kind is CallKind.Probe or CallKind.StorageWrite ? Options.StorageCallTimeout : Options.CallTimeout, cancellation);
        JsonElement reply;
        try
        {
            reply = WireJson.Parse(bytes);
        }
        catch (JsonException fault)
        {
            throw Lost(method, $"Http{(int)status}", "The reply is not a JSON-RPC answer.", write, fault);
        }
        if (reply.ValueKind == JsonValueKind.Object && reply.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null) throw Refused(method, error, write);
        return status == HttpStatusCode.OK && reply.ValueKind == JsonValueKind.Object && reply.TryGetProperty("result", out var result)
            ? result
            : throw Lost(method, $"Http{(int)status}", "The reply is not a JSON-RPC answer.", write, null);
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(string method, string body, bool write, TimeSpan timeout, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(timeout, Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        // Bytes, not JsonContent: the pool answers a chunked request with HTTP 500.
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_coordinator, "/jsonrpc")) { Content = content };
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            return (response.StatusCode, await BoundedBody.ReadAsync(response.Content, linked.Token));
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw Lost(method, XenApiErrors.TimedOut, $"No answer within {timeout.TotalSeconds:0.#} s.", write, new TimeoutException($"{method} took longer than {timeout.TotalSeconds:0.#} s", fault));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw Broken(method, fault, write);
        }
    }

    /// <summary>What a transport fault means: only where no connection came about is it certain that nothing was done.</summary>
    public XenApiException Broken(string method, Exception fault, bool write)
    {
        for (Exception? cause = fault; cause is not null; cause = cause.InnerException)
        {
            if (cause is CertificateNotTrustedException untrusted)
                return new XenApiException(method, XenApiErrors.CertificateNotTrusted, [], XenApiErrorKind.PermissionDenied, untrusted.Message, untrusted);
        }
        return fault is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } unreached
            ? new XenApiException(method, XenApiErrors.NotConnected, [], XenApiErrorKind.Transient, $"{_coordinator.Authority} cannot be reached ({unreached.HttpRequestError}); check the pool's Endpoint and the network.", fault)
            : Lost(method, XenApiErrors.AnswerLost, "The connection broke before the answer was read.", write, fault);
    }

    private XenApiException Refused(string method, JsonElement error, bool write)
    {
        string code;
        IReadOnlyList<string> parameters;
        if (error.ValueKind == JsonValueKind.Array)
        {
            // Version 1, and version 2 from outside the dispatcher: [code, parameters...]
            var texts = Texts(error);
            (code, parameters) = texts.Count > 0 ? (texts[0], texts.Skip(1).ToArray()) : ("unnamed", []);
        }
        else if (error.ValueKind == JsonValueKind.Object)
        {
            code = error.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String ? message.GetString()! : "unnamed";
            parameters = error.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array ? Texts(data) : [];
        }
        else
        {
            (code, parameters) = (Redact(error.ToString()), []);
        }
        var kind = XenApiErrors.Classify(code, parameters, write);
        return new XenApiException(method, code, parameters, kind, kind == XenApiErrorKind.PermissionDenied ? "Check the pool's Username, Password and role." : null);
    }

    private List<string> Texts(JsonElement array) => [.. array.EnumerateArray().Select(element => Redact(element.ToString()))];

    private static XenApiException Lost(string method, string code, string note, bool write, Exception? inner) => write
        ? new XenApiOutcomeUnknownException(method, code, note, inner)
        : new XenApiException(method, code, [], XenApiErrorKind.Transient, note, inner);
}
