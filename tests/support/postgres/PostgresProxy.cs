using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SnapshotWorkflows.Tests.Support.Postgres;

/// <summary>What becomes of a connection at one of its round trips.</summary>
public enum Cut
{
    None,

    /// <summary>The server never hears of it.</summary>
    Request,

    /// <summary>The server has done it, and its answer is lost.</summary>
    Answer,
}

/// <summary>
/// Stands between a client and PostgreSQL and cuts the connection at chosen round trips, deterministically. Speaks version 3 of the protocol (PostgreSQL manual,
/// chapter "Frontend/Backend Protocol"): a round trip ends with Sync or a simple query, and is answered with ReadyForQuery.
/// </summary>
public sealed class PostgresProxy : IAsyncDisposable
{
    private const int SslRequest = 80877103;
    private const int GssRequest = 80877104;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly List<Task> _connections = [];
    private readonly int _server;
    private readonly string _counted;
    private readonly Task _accepting;
    private int _trips;

    /// <param name="server">Port of the server on 127.0.0.1.</param>
    /// <param name="counted">Round trips are counted on connections on which a statement with this text was seen.</param>
    public PostgresProxy(int server, string counted)
    {
        (_server, _counted) = (server, counted);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Round trips counted so far.</summary>
    public int Trips => Volatile.Read(ref _trips);

    /// <summary>Asked at each counted round trip, from 1.</summary>
    public Func<int, Cut> Plan { get; set; } = _ => Cut.None;

    /// <summary>How many connections were cut.</summary>
    public int Cuts { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                _connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_over.Token)));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _server, _over.Token);
                var link = new Link(client.GetStream(), server.GetStream());
                await await Task.WhenAny(RequestsAsync(link), AnswersAsync(link));
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or EndOfStreamException)
            {
                // One side has gone, or we have cut it: the other goes too.
            }
            client.Client.LingerState = new LingerOption(true, 0);
        }
    }

    private async Task RequestsAsync(Link link)
    {
        await StartAsync(link);
        while (true)
        {
            var message = await ReadAsync(link.Client);
            var kind = (char)message[0];
            if (!link.IsCounted && kind is 'P' or 'Q')
                link.IsCounted |= Encoding.UTF8.GetString(message).Contains(_counted, StringComparison.Ordinal);
            if (kind is 'S' or 'Q')
            {
                Interlocked.Increment(ref link.Unanswered);
                if (link.IsCounted)
                {
                    switch (Plan(Interlocked.Increment(ref _trips)))
                    {
                        case Cut.Request:
                            Cuts++;
                            return;
                        case Cut.Answer:
                            Cuts++;
                            link.Swallows = true;
                            break;
                    }
                }
            }
            await link.Server.WriteAsync(message, _over.Token);
        }
    }

    /// <summary>Requests for encryption are declined; the start-up packet goes through.</summary>
    private async Task StartAsync(Link link)
    {
        while (true)
        {
            var length = new byte[4];
            await link.Client.ReadExactlyAsync(length, _over.Token);
            var packet = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
            length.CopyTo(packet, 0);
            await link.Client.ReadExactlyAsync(packet.AsMemory(4), _over.Token);
            if (BinaryPrimitives.ReadInt32BigEndian(packet.AsSpan(4)) is SslRequest or GssRequest)
            {
                await link.Client.WriteAsync("N"u8.ToArray(), _over.Token);
                continue;
            }
            await link.Server.WriteAsync(packet, _over.Token);
            return;
        }
    }

    private async Task AnswersAsync(Link link)
    {
        while (true)
        {
            var message = await ReadAsync(link.Server);
            // The first ReadyForQuery ends the start-up.
            var left = message[0] == (byte)'Z' ? Interlocked.Decrement(ref link.Unanswered) : 1;
            if (!link.Swallows)
                await link.Client.WriteAsync(message, _over.Token);
            else if (left == 0)
                return;
        }
    }

    private async Task<byte[]> ReadAsync(NetworkStream from)
    {
        var head = new byte[5];
        await from.ReadExactlyAsync(head, _over.Token);
        var message = new byte[1 + BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
        head.CopyTo(message, 0);
        await from.ReadExactlyAsync(message.AsMemory(5), _over.Token);
        return message;
    }

    private sealed class Link(NetworkStream client, NetworkStream server)
    {
        /// <summary>Round trips that the server has not answered yet; the start-up is the first.</summary>
        public int Unanswered = 1;

        private volatile bool _swallows;

        public NetworkStream Client => client;

        public NetworkStream Server => server;

        public bool IsCounted { get; set; }

        public bool Swallows
        {
            get => _swallows;
            set => _swallows = value;
        }
    }
}
