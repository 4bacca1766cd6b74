using System.Buffers.Binary;
using System.Net.Sockets;

namespace SnapshotWorkflows.XenServer;

/// <summary>One connection to one export, one request at a time. After any fault it is of no further use.</summary>
internal sealed class NbdConnection : IAsyncDisposable
{
    private readonly TcpClient _client;
    private readonly NbdExport _export;
    private readonly byte[] _request = new byte[28];
    private readonly byte[] _reply = new byte[16];
    private ulong _handle;
    private bool _broken;

    private NbdConnection(TcpClient client, NbdExport export) => (_client, _export) = (client, export);

    /// <summary>Size of the export.</summary>
    public long Bytes => _export.Bytes;

    /// <summary>Longest read that the server takes.</summary>
    public int LargestRead => _export.LargestRead;

    /// <exception cref="NbdException">No export came about; the exception says whether another try may do better.</exception>
    public static async Task<NbdConnection> OpenAsync(NbdServerInfo server, bool plainAllowed, CancellationToken cancellation)
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(server.Address, server.Port > 0 ? server.Port : NbdProtocol.DefaultPort, cancellation);
            return new(client, await NbdHandshake.RunAsync(client.GetStream(), server, plainAllowed, cancellation));
        }
        catch (Exception fault) when (fault is SocketException or IOException and not NbdException)
        {
            client.Dispose();
            throw new NbdException($"{server.Address}:{server.Port} could not be reached, or hung up.", mayPass: true, fault);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Fills the buffer; offset and length must be multiples of 512.</summary>
    /// <exception cref="NbdException">The server refused, sent nonsense, or the connection broke; the buffer's content is then undefined.</exception>
    public async Task ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var whole = false;
        try
        {
            BinaryPrimitives.WriteUInt32BigEndian(_request, NbdProtocol.RequestMagic);
            BinaryPrimitives.WriteUInt16BigEndian(_request.AsSpan(4), 0);
            BinaryPrimitives.WriteUInt16BigEndian(_request.AsSpan(6), NbdProtocol.CommandRead);
            BinaryPrimitives.WriteUInt64BigEndian(_request.AsSpan(8), ++_handle);
            BinaryPrimitives.WriteInt64BigEndian(_request.AsSpan(16), offset);
            BinaryPrimitives.WriteInt32BigEndian(_request.AsSpan(24), buffer.Length);
            await _export.Stream.WriteAsync(_request, cancellation);
            await _export.Stream.ReadExactlyAsync(_reply, cancellation);
            if (BinaryPrimitives.ReadUInt32BigEndian(_reply) != NbdProtocol.SimpleReplyMagic || BinaryPrimitives.ReadUInt64BigEndian(_reply.AsSpan(8)) != _handle)
                throw new NbdException("The server's reply is not one to our request.", mayPass: true);
            if (BinaryPrimitives.ReadUInt32BigEndian(_reply.AsSpan(4)) is not 0 and var error)
                throw new NbdException($"The server cannot read {buffer.Length} bytes at {offset} (NBD error {error}).", NbdProtocol.MayPass(error));
            await _export.Stream.ReadExactlyAsync(buffer, cancellation);
            whole = true;
        }
        catch (Exception fault) when (fault is SocketException or IOException and not NbdException)
        {
            throw new NbdException($"The connection broke in a read of {buffer.Length} bytes at {offset}.", mayPass: true, fault);
        }
        finally
        {
            _broken |= !whole;
        }
    }

    /// <summary>Says goodbye, so that the host detaches the disk at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_broken)
        {
            BinaryPrimitives.WriteUInt16BigEndian(_request.AsSpan(6), NbdProtocol.CommandDisconnect);
            BinaryPrimitives.WriteUInt32BigEndian(_request, NbdProtocol.RequestMagic);
            try
            {
                await _export.Stream.WriteAsync(_request);
            }
            catch (Exception fault) when (fault is IOException or ObjectDisposedException)
            {
                // The server went first.
            }
        }
        await _export.Stream.DisposeAsync();
        _client.Dispose();
    }
}
