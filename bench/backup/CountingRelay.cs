using System.Net;
using System.Net.Sockets;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>
/// Stands between a blob client and Azurite and counts what clients send. What a killed client had handed to its connection arrives after its death, so neither its own count nor what the store holds at that
/// moment tells what it sent. What it reads off a connection is sent, whole or not; HTTP's own bytes count too (some KiB a pack).
/// </summary>
internal sealed class CountingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly Uri _server;
    private readonly Task _accepting;
    private long _sentBytes;

    /// <param name="server">Where Azurite listens.</param>
    public CountingRelay(Uri server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Bytes that clients have sent so far.</summary>
    public long SentBytes => Interlocked.Read(ref _sentBytes);

    /// <summary>The same account, by way of the relay. Signatures do not cover the port.</summary>
    public string Through(string connectionString) => connectionString.Replace($":{_server.Port}/", $":{((IPEndPoint)_listener.LocalEndpoint).Port}/", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        await _accepting;
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_ended.Token);
                connections.RemoveAll(one => one.IsCompleted);
                connections.Add(RelayAsync(client));
            }
        }
        catch (Exception e) when (_ended.IsCancellationRequested && IsGone(e))
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                client.NoDelay = server.NoDelay = true;
                await server.ConnectAsync(IPAddress.Loopback, _server.Port, _ended.Token);
            }
            catch (Exception e) when (IsGone(e))
            {
                return;
            }
            await Task.WhenAll(PumpAsync(client, server, counts: true), PumpAsync(server, client, counts: false));
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, bool counts)
    {
        var buffer = new byte[128 * 1024];
        try
        {
            for (int count; (count = await from.GetStream().ReadAsync(buffer, _ended.Token)) > 0;)
            {
                if (counts)
                    Interlocked.Add(ref _sentBytes, count);
                await to.GetStream().WriteAsync(buffer.AsMemory(0, count), _ended.Token);
            }
            to.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (IsGone(e))
        {
            // A killed client's connection breaks; so does the one behind it, and the other direction ends too.
            from.Close();
            to.Close();
        }
    }

    private static bool IsGone(Exception e) => e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;
}
