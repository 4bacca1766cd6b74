using System.Net;

namespace SnapshotWorkflows.XenServer;

/// <summary>A body of a known length, read once from a stream; tells after each piece how much has gone.</summary>
internal sealed class MeteredContent(Stream source, long length, Action<long> sent) : HttpContent
{
    private const int PieceBytes = 256 * 1024;

    public long Sent { get; private set; }

    /// <summary>Why the source could not be read to its end, if it could not.</summary>
    public Exception? SourceFault { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = new byte[PieceBytes];
        while (Sent < length)
        {
            var read = await ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - Sent)), cancellationToken);
            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            Sent += read;
            sent(Sent);
        }
    }

    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return true;
    }

    private async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            return await source.ReadAsync(buffer, cancellation) is > 0 and var read ? read : throw new EndOfStreamException($"The source ended after {Sent} of {length} bytes.");
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            SourceFault = fault;
            throw fault as IOException ?? new IOException(fault.Message, fault);
        }
    }
}
