using System.Buffers.Binary;
using System.Net.Sockets;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// Requests on one export, one after the other, with simple replies. As in the real server a read that is not aligned to sectors, and
/// every command but READ, is an error that ends the connection; a disk that fails under a read breaks it in the middle of the reply.
/// </summary>
internal sealed class NbdTransmission(Pool pool, HostRow host, Socket socket, Stream stream, VhdDisk disk)
{
    private const int Sector = 512;
    private const int Piece = 512 * 1024;
    private readonly byte[] _buffer = new byte[16 + Piece];
    private readonly int _life = pool.Life;

    public async Task ServeAsync(CancellationToken stop)
    {
        var request = new byte[28];
        while (true)
        {
            await stream.ReadExactlyAsync(request, stop);
            if (BinaryPrimitives.ReadUInt32BigEndian(request) != NbdWire.RequestMagic)
                return;
            var command = BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(6));
            var offset = BinaryPrimitives.ReadInt64BigEndian(request.AsSpan(16));
            var length = BinaryPrimitives.ReadUInt32BigEndian(request.AsSpan(24));
            if (command == NbdWire.CommandDisconnect || IsGone())
                return;
            var fits = offset >= 0 && offset % Sector == 0 && length % Sector == 0 && offset <= disk.Length - length;
            if (command != NbdWire.CommandRead || !fits)
            {
                await RefuseAsync(request, command == NbdWire.CommandWrite ? NbdWire.InputOutput : NbdWire.Invalid, stop);
                return;
            }

            if (!await ReadAsync(request.AsMemory(8, 8), offset, length, stop))
                return;
        }
    }

    /// <summary>False when the connection is to end.</summary>
    private async Task<bool> ReadAsync(ReadOnlyMemory<byte> handle, long offset, long length, CancellationToken stop)
    {
        var fault = pool.Options.Faults.Take(XenServerSimulator.System, pool.Options.PoolName, NbdServer.Read);
        long limit = long.MaxValue;
        switch (fault?.Action)
        {
            case null:
                break;
            case FaultAction.Fail:
                fault.Shows();
                NbdWire.Reply(_buffer, NbdWire.ErrorNumber(fault.ErrorName), handle.Span);
                await stream.WriteAsync(_buffer.AsMemory(0, 16), stop);
                return true;
            case FaultAction.Stall:
                fault.Shows();
                if (!await HoldAsync(fault.Duration, stop))
                    return false;
                break;
            case FaultAction.Truncate:
                limit = fault.Bytes;
                break;
            case FaultAction.Corrupt:
                break;
            default:
                fault.Shows();
                return false;
        }

        NbdWire.Reply(_buffer, 0, handle.Span);
        var head = 16;
        for (long done = 0; done < length;)
        {
            var take = (int)Math.Min(Piece, length - done);
            disk.Read(offset + done, _buffer.AsSpan(head, take));
            if (fault?.Action == FaultAction.Corrupt)
                CorruptedBytes.Turn(fault, done, _buffer.AsSpan(head, take));
            var send = (int)Math.Min(take, limit - done);
            await stream.WriteAsync(_buffer.AsMemory(0, head + send), stop);
            if (send < take)
            {
                fault!.Shows();
                return false;
            }

            done += take;
            head = 0;
        }

        if (length == 0)
            await stream.WriteAsync(_buffer.AsMemory(0, 16), stop);
        pool.Options.Faults.CountCall(XenServerSimulator.System, NbdServer.Read);
        return true;
    }

    /// <summary>False when the client went away meanwhile. One that sends more requests is no longer watched.</summary>
    private async Task<bool> HoldAsync(TimeSpan duration, CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var held = FaultedExchange.HoldAsync(duration, pool.Options.Clock, ended.Token);
        var word = socket.ReceiveAsync(Memory<byte>.Empty, ended.Token).AsTask();
        var isGone = await Task.WhenAny(held, word) == word && (!word.IsCompletedSuccessfully || socket.Available == 0);
        if (!isGone)
            await held;
        await ended.CancelAsync();
        await Task.WhenAll(held, word).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !isGone;
    }

    private async Task RefuseAsync(byte[] request, uint error, CancellationToken stop)
    {
        NbdWire.Reply(_buffer, error, request.AsSpan(8, 8));
        await stream.WriteAsync(_buffer.AsMemory(0, 16), stop);
    }

    private bool IsGone()
    {
        lock (pool.Gate)
            return !host.Online || pool.Life != _life;
    }
}
