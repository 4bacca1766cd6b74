using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.Iscsi;

/// <summary>An array's iSCSI portal on 127.0.0.1: its volumes as foreign initiators meet them.</summary>
internal sealed class IscsiPortal : IAsyncDisposable
{
    private static readonly TimeSpan s_watch = TimeSpan.FromMilliseconds(50);

    private readonly IIscsiArray _array;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<IscsiConnection, (TcpClient Client, Task Running)> _connections = new();
    private readonly Task _accepting;
    private readonly Task _watching;
    private ushort _lastTsih;

    private IscsiPortal(IIscsiArray array, TcpListener listener)
    {
        (_array, _listener) = (array, listener);
        Address = listener.LocalEndpoint.ToString()!;
        _accepting = AcceptAsync();
        _watching = WatchAsync();
    }

    /// <summary><c>127.0.0.1:port</c></summary>
    public string Address { get; }

    /// <param name="port">0: of the system's choice.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static IscsiPortal Start(IIscsiArray array, int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
        }
        catch (SocketException taken)
        {
            listener.Dispose();
            throw new IOException($"Nothing can listen on port {port} for iSCSI: {taken.Message}", taken);
        }

        return new IscsiPortal(array, listener);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await _watching;
        foreach (var (client, running) in _connections.Values)
        {
            client.Close();
            await running;
        }

        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                client.NoDelay = true;
                // Zero would ask for a new session.
                _lastTsih = (ushort)(_lastTsih == ushort.MaxValue ? 1 : _lastTsih + 1);
                var connection = new IscsiConnection(_array, client.GetStream(), client.Client.RemoteEndPoint!.ToString()!, Address, _lastTsih);
                var serving = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _connections[connection] = (client, serving.Task);
                _ = Task.Run(() => ServeAsync(connection, client, serving), CancellationToken.None);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The portal is being closed.
        }
    }

    private async Task ServeAsync(IscsiConnection connection, TcpClient client, TaskCompletionSource ended)
    {
        try
        {
            await connection.RunAsync(_stop.Token);
        }
        finally
        {
            client.Dispose();
            _connections.TryRemove(connection, out _);
            ended.SetResult();
        }
    }

    /// <summary>Cuts connections whose session the array has ended: an initiator that is idle would not notice.</summary>
    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(s_watch);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                foreach (var (connection, (client, _)) in _connections)
                {
                    if (connection.Lost)
                    {
                        client.Close();
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The portal is being closed.
        }
    }
}
