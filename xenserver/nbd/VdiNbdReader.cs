using System.Collections.Concurrent;

namespace SnapshotWorkflows.XenServer;

/// <summary>
/// A disk read over NBD at any offset, by several readers at once and over several connections. A broken connection is replaced and its
/// read taken up again, so that a caller sees faults only when they do not pass.
/// </summary>
/// <remarks>
/// While it is open the disk is attached to the control domain: dispose it before the disk is destroyed or its SR unplugged, and expect
/// <c>VDI_IN_USE</c> for a moment after. The bytes are those of the disk as it is: read a snapshot, or a disk that nothing writes to.
/// </remarks>
public sealed class VdiNbdReader : IAsyncDisposable
{
    private const int PieceBytes = 1024 * 1024;
    private readonly NbdServers _servers;
    private readonly ConcurrentBag<NbdConnection> _idle = [];
    private readonly SemaphoreSlim _free;
    private readonly XenServerPoolOptions _options;
    private readonly TimeProvider _time;
    private bool _disposed;

    private VdiNbdReader(NbdServers servers, XenServerPoolOptions options, TimeProvider time, long bytes)
    {
        _servers = servers;
        _options = options;
        _time = time;
        _free = new SemaphoreSlim(options.NbdConnections, options.NbdConnections);
        VirtualBytes = bytes;
    }

    /// <summary>Size of the disk.</summary>
    public long VirtualBytes { get; }

    /// <summary>Connections that were opened so far, those in place of broken ones among them.</summary>
    public int ConnectionsOpened => _servers.Opened;

    /// <exception cref="XenApiException"><see cref="XenApiErrors.NbdUnavailable"/>: the pool offers no NBD for this disk; export it instead.</exception>
    internal static async Task<VdiNbdReader> OpenAsync(XenServerClient client, OpaqueRef vdi, CancellationToken cancellation)
    {
        var record = await client.Vdis.GetAsync(vdi, cancellation);
        var reader = new VdiNbdReader(new NbdServers(client, record), client.Connection.Options, client.Connection.Time, record.VirtualBytes);
        try
        {
            // One connection now: whether the disk can be read at all is known before anyone relies on it.
            await reader.ReadAsync(0, new byte[NbdProtocol.SectorBytes], cancellation);
            return reader;
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads at the offset. Fills the buffer unless the disk ends before.</summary>
    /// <returns>Bytes read; fewer than the buffer holds only at the end of the disk.</returns>
    /// <exception cref="XenApiException">The read did not succeed over several connections; kind Transient if it may yet.</exception>
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var length = (int)Math.Min(buffer.Length, Math.Max(0, VirtualBytes - offset));
        if (length == 0) return 0;
        var lead = (int)(offset % NbdProtocol.SectorBytes);
        if (lead == 0 && length % NbdProtocol.SectorBytes == 0)
        {
            await ReadAlignedAsync(offset, buffer[..length], cancellation);
            return length;
        }
        // The pool's server takes whole sectors only.
        var whole = new byte[(lead + length + NbdProtocol.SectorBytes - 1) / NbdProtocol.SectorBytes * NbdProtocol.SectorBytes];
        await ReadAlignedAsync(offset - lead, whole, cancellation);
        whole.AsMemory(lead, length).CopyTo(buffer);
        return length;
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        while (_idle.TryTake(out var connection)) await connection.DisposeAsync();
        _free.Dispose();
    }

    private async Task ReadAlignedAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        if (buffer.Length <= PieceBytes)
        {
            await ReadPieceAsync(offset, buffer, cancellation);
            return;
        }
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pieces = new List<Task>();
        for (var at = 0; at < buffer.Length; at += PieceBytes)
            pieces.Add(ReadOrStopAsync(offset + at, buffer.Slice(at, Math.Min(PieceBytes, buffer.Length - at)), linked));
        try
        {
            // All of them, even after a fault: none may write into the buffer once we have returned.
            await Task.WhenAll(pieces);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            await pieces.First(piece => piece.IsFaulted);
        }
    }

    private async Task ReadOrStopAsync(long offset, Memory<byte> buffer, CancellationTokenSource all)
    {
        try
        {
            await ReadPieceAsync(offset, buffer, all.Token);
        }
        catch
        {
            await all.CancelAsync();
            throw;
        }
    }

    private async Task ReadPieceAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await TryAsync(offset, buffer, cancellation);
                    return;
                }
                catch (NbdException fault) when (fault.MayPass && attempt < _options.NbdAttempts)
                {
                    _servers.Failed(fault, attempt);
                    await Task.Delay(Backoff(attempt), _time, cancellation);
                }
                catch (NbdException fault)
                {
                    throw _servers.Fault(fault);
                }
            }
        }
        finally
        {
            _free.Release();
        }
    }

    private async Task TryAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(_options.NbdTimeout, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        NbdConnection? connection = null;
        try
        {
            if (!_idle.TryTake(out connection)) connection = await _servers.ConnectAsync(linked.Token);
            for (var done = 0; done < buffer.Length;)
            {
                var take = Math.Min(buffer.Length - done, Math.Max(NbdProtocol.SectorBytes, connection.LargestRead / NbdProtocol.SectorBytes * NbdProtocol.SectorBytes));
                await connection.ReadAsync(offset + done, buffer.Slice(done, take), linked.Token);
                done += take;
            }
            _idle.Add(connection);
            connection = null;
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new NbdException($"No answer within {_options.NbdTimeout.TotalSeconds:0.#} s.", mayPass: true, fault);
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync();
        }
    }

    private TimeSpan Backoff(int attempt) =>
        TimeSpan.FromTicks((long)Math.Min(_options.RetryDelayMax.Ticks, _options.RetryDelay.Ticks * Math.Pow(2, attempt - 1)));
}
