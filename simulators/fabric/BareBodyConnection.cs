using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>One connection's bytes between TLS and HTTP. Takes the placeholder out of an answer's head, and says goodbye in TLS when the connection ends well.</summary>
internal sealed class BareBodyConnection : IDuplexPipe, IBareBodyFeature
{
    private static readonly byte[] s_placeholder = System.Text.Encoding.ASCII.GetBytes("\r\nTransfer-Encoding: " + BareBody.Placeholder);

    private readonly HeadFilter _output;

    private BareBodyConnection(IDuplexPipe transport) => (Input, _output) = (transport.Input, new HeadFilter(transport.Output));

    public PipeReader Input { get; }

    public PipeWriter Output => _output;

    public void Arm() => _output.Arm();

    public static async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var pipe = new BareBodyConnection(connection.Transport);
        connection.Features.Set<IBareBodyFeature>(pipe);
        connection.Transport = pipe;
        await next(connection);
        if (connection.ConnectionClosed.IsCancellationRequested || connection.Features.Get<ISslStreamFeature>() is not { } tls)
        {
            return;
        }

        try
        {
            // To a peer that reads until the connection ends, an end without TLS's own is an attack.
            await tls.SslStream.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // The peer was faster.
        }
    }

    /// <summary>Holds an armed answer back until its head is complete, which is when it is first flushed.</summary>
    private sealed class HeadFilter(PipeWriter inner) : PipeWriter
    {
        private ArrayBufferWriter<byte>? _head;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes + (_head?.WrittenCount ?? 0);

        public void Arm() => _head = new ArrayBufferWriter<byte>();

        public override void Advance(int bytes)
        {
            if (_head is { } head)
            {
                head.Advance(bytes);
            }
            else
            {
                inner.Advance(bytes);
            }
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _head?.GetMemory(sizeHint) ?? inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _head is { } head ? head.GetSpan(sizeHint) : inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            Release();
            inner.Complete(exception);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Release();
            return inner.FlushAsync(cancellationToken);
        }

        private void Release()
        {
            if (_head is not { WrittenCount: > 0 } head)
            {
                return;
            }

            _head = null;
            var at = head.WrittenSpan.IndexOf(s_placeholder);
            inner.Write(at < 0 ? head.WrittenSpan : head.WrittenSpan[..at]);
            inner.Write(at < 0 ? [] : head.WrittenSpan[(at + s_placeholder.Length)..]);
        }
    }
}
