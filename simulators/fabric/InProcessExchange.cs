using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace SnapshotWorkflows.Simulators.Fabric;

// CA1001: the token source has no timer and no wait handle, and both halves of the exchange may outlive each other.
#pragma warning disable CA1001
/// <summary>The answer's half of one exchange without a socket: status, headers, a body through a pipe, and the connection's end.</summary>
internal sealed class InProcessExchange : IHttpResponseFeature, IHttpResponseBodyFeature, IHttpRequestLifetimeFeature
#pragma warning restore CA1001
{
    // Long enough that every ordinary answer completes at once; beyond it the writer waits for the reader, as on a connection.
    private const long BufferBytes = 16 << 20;

    private readonly Pipe pipe = new(new PipeOptions(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline,
        pauseWriterThreshold: BufferBytes, resumeWriterThreshold: BufferBytes / 2, minimumSegmentSize: 64 << 10, useSynchronizationContext: false));

    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource gone = new();
    private readonly CountingWriter writer;
    private readonly Stream stream;
    private readonly List<(Func<object, Task> Callback, object State)> onStarting = [];
    private int aborted;
    private volatile string? brokenEnd;

    public InProcessExchange()
    {
        writer = new CountingWriter(pipe.Writer, this);
        stream = writer.AsStream(leaveOpen: true);
        RequestAborted = gone.Token;
    }

    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    public bool HasStarted { get; private set; }

    public bool Aborted => Volatile.Read(ref aborted) != 0;

    public Task Started => started.Task;

    public CancellationToken RequestAborted { get; set; }

    Stream IHttpResponseFeature.Body { get => stream; set => throw new NotSupportedException("The body is a pipe."); }

    Stream IHttpResponseBodyFeature.Stream => stream;

    PipeWriter IHttpResponseBodyFeature.Writer => writer;

    public void Abort()
    {
        if (Interlocked.Exchange(ref aborted, 1) == 0)
        {
            pipe.Writer.CancelPendingFlush();
            gone.Cancel();
        }
    }

    /// <summary>The client gave up or disposed the answer: the endpoint sees its request aborted.</summary>
    public void ClientGone() => Abort();

    public Stream OpenBody() => new ClientBody(pipe.Reader.AsStream(), this);

    public async Task RunAsync(ISimulatedEndpoint endpoint, HttpContext context)
    {
        Exception? failure = null;
        try
        {
            await endpoint.InvokeAsync(context);
        }
        catch (Exception exception) when (Aborted && exception is OperationCanceledException or IOException)
        {
            // An endpoint that notices the end of its connection has nothing more to say.
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        // Bytes that were sent still arrive; only then does the reader learn that the connection broke.
        if (Aborted)
        {
            brokenEnd = "The connection was closed in the middle of the answer.";
        }
        else if (Headers.ContentLength is { } declared && declared > writer.Written)
        {
            brokenEnd = $"The answer ended prematurely: {declared - writer.Written} bytes are missing.";
        }

        await pipe.Writer.CompleteAsync();
        if (failure is not null)
        {
            throw new InvalidOperationException("A simulated endpoint failed to answer: " + failure.Message, failure);
        }
    }

    public void OnStarting(Func<object, Task> callback, object state) => onStarting.Add((callback, state));

    public void OnCompleted(Func<object, Task> callback, object state)
    {
        // Only servers that reuse their contexts need it.
    }

    public void DisableBuffering()
    {
        // Every flush is already visible to the reader.
    }

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (HasStarted)
        {
            return;
        }

        for (var i = onStarting.Count - 1; i >= 0; i--)
        {
            await onStarting[i].Callback(onStarting[i].State);
        }

        HasStarted = true;
        started.TrySetResult();
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(stream, path, offset, count, cancellationToken);

    public Task CompleteAsync() => StartAsync();

    private sealed class CountingWriter(PipeWriter inner, InProcessExchange exchange) : PipeWriter
    {
        public long Written { get; private set; }

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            Written += bytes;
            inner.Advance(bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            // The exchange completes the pipe when the endpoint has returned.
        }

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            if (exchange.Aborted)
            {
                throw new OperationCanceledException("The connection is closed.", exchange.RequestAborted);
            }

            await exchange.StartAsync(cancellationToken);
            var result = await inner.FlushAsync(cancellationToken);
            return exchange.Aborted ? throw new OperationCanceledException("The connection is closed.", exchange.RequestAborted) : result;
        }
    }

    /// <summary>What the client reads; disposing it early is a disconnect.</summary>
    private sealed class ClientBody(Stream inner, InProcessExchange exchange) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Checked(inner.Read(buffer, offset, count), count);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Checked(await inner.ReadAsync(buffer, cancellationToken), buffer.Length);

        public override void Flush() => inner.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private int Checked(int read, int wanted) =>
            read == 0 && wanted > 0 && exchange.brokenEnd is { } reason ? throw new IOException(reason) : read;

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
                exchange.ClientGone();
            }

            base.Dispose(disposing);
        }
    }
}
