using System.Text.Json;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>A network on which a call is lost to its caller and arrives all the same, later: when the test lets it.</summary>
internal sealed class LateWire : DelegatingHandler
{
    private readonly Queue<HttpRequestMessage> _held = new();

    /// <summary>Asked for every call to an appliance, by its method: is it held up? Its caller hears that the connection broke. A call that its caller gives up meanwhile is on its way, and held up too.</summary>
    public Func<string, Task<bool>> Holds { get; set; } = _ => Task.FromResult(false);

    /// <summary>Calls that are held up now.</summary>
    public int Held => _held.Count;

    /// <summary>Holds up the first call of a method.</summary>
    public static LateWire HoldingFirst(string method)
    {
        var seen = 0;
        return new LateWire { Holds = name => Task.FromResult(name == method && ++seen == 1) };
    }

    public HttpMessageHandler Over(HttpMessageHandler network)
    {
        InnerHandler = network;
        return this;
    }

    /// <summary>Lets what was held up arrive, the first first.</summary>
    public async Task ReleaseAsync(int most = int.MaxValue)
    {
        while (most-- > 0 && _held.TryDequeue(out var late))
        {
            using (late) (await base.SendAsync(late, TestContext.Current.CancellationToken)).Dispose();
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (await MethodAsync(request, cancellationToken) is not { } method || (!await Holds(method) && !cancellationToken.IsCancellationRequested)) return await base.SendAsync(request, cancellationToken);
        _held.Enqueue(await CopyAsync(request, CancellationToken.None));
        cancellationToken.ThrowIfCancellationRequested();
        throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection was closed before an answer arrived.");
    }

    private static async Task<string?> MethodAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        if (request.Method != HttpMethod.Post) return null;
        if (request.RequestUri!.AbsolutePath is "/freeze" or "/thaw") return request.RequestUri.AbsolutePath[1..];
        if (request.Content?.Headers.ContentType?.MediaType is not { } type) return null;
        if (type.EndsWith("form-urlencoded", StringComparison.Ordinal))
            return System.Web.HttpUtility.ParseQueryString(await request.Content.ReadAsStringAsync(cancellation))["command"];
        if (!type.Contains("json", StringComparison.Ordinal)) return null;
        using var body = JsonDocument.Parse(await request.Content.ReadAsByteArrayAsync(cancellation));
        return body.RootElement.TryGetProperty("method", out var method) ? method.GetString() : null;
    }

    private static async Task<HttpRequestMessage> CopyAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var content = new ByteArrayContent(await request.Content!.ReadAsByteArrayAsync(cancellation));
        foreach (var (name, values) in request.Content.Headers) content.Headers.TryAddWithoutValidation(name, values);
        var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Content = content };
        foreach (var (name, values) in request.Headers) copy.Headers.TryAddWithoutValidation(name, values);
        return copy;
    }
}
