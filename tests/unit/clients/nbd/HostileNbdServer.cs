using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace SnapshotWorkflows.Tests.Unit.Clients;

/// <summary>An NBD server without TLS whose answers a test writes by hand. Each connection runs the script from its beginning.</summary>
internal sealed class HostileNbdServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<NetworkStream, CancellationToken, Task> _script;
    private readonly Task _serving;

    public HostileNbdServer(Func<NetworkStream, CancellationToken, Task> script)
    {
        _script = script;
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    public int Connections { get; private set; }

    /// <summary>What VDI.get_nbd_info says of this server.</summary>
    public string Info => JsonSerializer.Serialize(new[]
    {
        new { exportname = "/vdi?session_id=canary-session", address = "127.0.0.1", port = ((IPEndPoint)_listener.LocalEndpoint).Port, cert = "", subject = "x" },
    });

    /// <summary>Greeting, no TLS, no GO, then the export's size: what comes before the first read.</summary>
    public static async Task GreetAsync(NetworkStream stream, long bytes, CancellationToken stop)
    {
        await stream.WriteAsync(Convert.FromHexString("4e42444d4147494349484156454f50540001"), stop);
        await stream.ReadExactlyAsync(new byte[4], stop);
        await RefuseOptionAsync(stream, 5, stop);
        await RefuseOptionAsync(stream, 7, stop);
        await ReadOptionAsync(stream, stop);
        var info = new byte[134];
        BinaryPrimitives.WriteInt64BigEndian(info, bytes);
        await stream.WriteAsync(info, stop);
    }

    public static async Task<byte[]> ReadOptionAsync(NetworkStream stream, CancellationToken stop)
    {
        var head = new byte[16];
        await stream.ReadExactlyAsync(head, stop);
        var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(12))];
        await stream.ReadExactlyAsync(payload, stop);
        return payload;
    }

    public static byte[] OptionReply(uint option, uint type, byte[] data)
    {
        var reply = new byte[20 + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(reply, 0x0003e889045565a9);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(8), option);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(12), type);
        BinaryPrimitives.WriteInt32BigEndian(reply.AsSpan(16), data.Length);
        data.CopyTo(reply, 20);
        return reply;
    }

    public static async Task<(byte[] Handle, int Length)> ReadRequestAsync(NetworkStream stream, CancellationToken stop)
    {
        var request = new byte[28];
        await stream.ReadExactlyAsync(request, stop);
        return (request[8..16], BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(24)));
    }

    public static byte[] Reply(uint magic, uint error, byte[] handle, int dataBytes)
    {
        var reply = new byte[16 + dataBytes];
        BinaryPrimitives.WriteUInt32BigEndian(reply, magic);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(4), error);
        handle.CopyTo(reply, 8);
        return reply;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    private static async Task RefuseOptionAsync(NetworkStream stream, uint option, CancellationToken stop)
    {
        await ReadOptionAsync(stream, stop);
        await stream.WriteAsync(OptionReply(option, 0x80000001, []), stop);
    }

    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Connections++;
                await _script(client.GetStream(), _stop.Token);
            }
            catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client went, or the test is over.
            }
        }
    }
}
