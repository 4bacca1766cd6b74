using System.Net;
using System.Text;

namespace SnapshotWorkflows.Tests.Unit.Clients;

/// <summary>Answers requests from a script and keeps what was sent.</summary>
internal sealed class ScriptedHandler : HttpMessageHandler
{
    private readonly Queue<Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>> _script = new();

    public List<SentRequest> Sent { get; } = [];

    public int Left => _script.Count;

    public ScriptedHandler Json(string body, HttpStatusCode status = HttpStatusCode.OK) => Then(_ => new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") });

    public ScriptedHandler Text(string body, HttpStatusCode status) => Then(_ => new HttpResponseMessage(status) { Content = new StringContent(body) });

    public ScriptedHandler Bytes(byte[] body) => Then(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(body) });

    public ScriptedHandler Fail(Exception fault) => Then(_ => throw fault);

    public ScriptedHandler Silence()
    {
        _script.Enqueue(async (_, cancellation) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            throw new InvalidOperationException("Silence was broken.");
        });
        return this;
    }

    public ScriptedHandler Then(Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        _script.Enqueue((request, _) => Task.FromResult(answer(request)));
        return this;
    }

    public HttpClient Client() => new(this) { Timeout = Timeout.InfiniteTimeSpan };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        Sent.Add(new SentRequest(request.RequestUri!, request.Method, body, request.Headers.ToString(), request.Content?.Headers.ContentLength));
        Assert.True(_script.Count > 0, $"An unexpected request was sent: {request.RequestUri} {body}");
        return await _script.Dequeue()(request, cancellationToken);
    }
}

internal sealed record SentRequest(Uri Address, HttpMethod Method, string Body, string Headers, long? ContentLength);
