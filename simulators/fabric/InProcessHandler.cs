using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// Routes requests by <c>host:port</c> to simulated addresses without a socket. It completes synchronously whenever the endpoint
/// does; a body longer than the buffer streams with back pressure, as over a connection. An aborted exchange is an
/// <see cref="HttpRequestException"/>, a missing address a refused connection.
/// </summary>
public sealed class InProcessHandler : HttpMessageHandler
{
    private readonly ConcurrentDictionary<string, ISimulatedEndpoint> endpoints = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Puts an endpoint at an address, for example <c>array.test:443</c>; replaces what was there.</summary>
    public InProcessHandler Add(string hostAndPort, ISimulatedEndpoint endpoint)
    {
        endpoints[hostAndPort] = endpoint;
        return this;
    }

    /// <summary>Takes an address away: connections to it are refused from now on.</summary>
    public void Remove(string hostAndPort) => endpoints.TryRemove(hostAndPort, out _);

    /// <inheritdoc />
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        // Only for callers that ask for a synchronous exchange; nothing here needs the calling thread to finish.
#pragma warning disable VSTHRD002
        SendAsync(request, cancellationToken).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002

    /// <inheritdoc />
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var uri = request.RequestUri ?? throw new InvalidOperationException("The request has no address.");
        if (!endpoints.TryGetValue($"{uri.Host}:{uri.Port}", out var endpoint))
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, $"Connection refused ({uri.Host}:{uri.Port})");
        }

        var body = request.Content is null ? Stream.Null : await ReadBodyAsync(request.Content, cancellationToken);
        var exchange = new InProcessExchange();
        var context = CreateContext(request, uri, body, exchange);
        var disconnect = cancellationToken.UnsafeRegister(static state => ((InProcessExchange)state!).ClientGone(), exchange);
        try
        {
            var answering = exchange.RunAsync(endpoint, context);
            if (!answering.IsCompleted)
            {
                await Task.WhenAny(answering, exchange.Started).WaitAsync(cancellationToken);
            }

            if (answering.IsCompleted)
            {
                await answering;
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (exchange.Aborted && !exchange.HasStarted)
            {
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection was closed before an answer arrived.");
            }

            return CreateResponse(request, exchange);
        }
        catch
        {
            exchange.ClientGone();
            throw;
        }
        finally
        {
            await disconnect.DisposeAsync();
        }
    }

    private static async Task<Stream> ReadBodyAsync(HttpContent content, CancellationToken cancellation)
    {
        var buffer = new MemoryStream();
        await content.CopyToAsync(buffer, cancellation);
        buffer.Position = 0;
        return buffer;
    }

    private static DefaultHttpContext CreateContext(HttpRequestMessage request, Uri uri, Stream body, InProcessExchange exchange)
    {
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = request.Method.Method,
            Scheme = uri.Scheme,
            Path = Uri.UnescapeDataString(uri.AbsolutePath),
            QueryString = uri.Query,
            RawTarget = uri.PathAndQuery,
            Protocol = "HTTP/1.1",
            Body = body,
        });
        features.Set<IHttpResponseFeature>(exchange);
        features.Set<IHttpResponseBodyFeature>(exchange);
        features.Set<IHttpRequestLifetimeFeature>(exchange);
        var context = new DefaultHttpContext(features);
        context.Request.Host = new HostString(uri.Host, uri.Port);
        Copy(request.Headers, context.Request.Headers);
        if (request.Content is not null)
        {
            Copy(request.Content.Headers, context.Request.Headers);
            context.Request.ContentLength = body.Length;
        }

        return context;
    }

    private static void Copy(HttpHeaders from, IHeaderDictionary to)
    {
        foreach (var header in from)
        {
            to[header.Key] = header.Value.ToArray();
        }
    }

    private static HttpResponseMessage CreateResponse(HttpRequestMessage request, InProcessExchange exchange)
    {
        var response = new HttpResponseMessage((HttpStatusCode)exchange.StatusCode)
        {
            RequestMessage = request,
            ReasonPhrase = exchange.ReasonPhrase,
            Content = new StreamContent(exchange.OpenBody()),
        };
        foreach (var header in exchange.Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(header.Key, header.Value.ToArray()))
            {
                response.Content.Headers.TryAddWithoutValidation(header.Key, header.Value.ToArray());
            }
        }

        return response;
    }
}
