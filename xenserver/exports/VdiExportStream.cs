using System.Diagnostics.CodeAnalysis;

namespace SnapshotWorkflows.XenServer;

/// <summary>
/// The bytes of an exported disk. Its end is reached (a read of 0) only when the pool's task ended in success and, for raw, exactly
/// the disk's size was read, for VHD as much as its table asks for, with the footer at its end; anything else is a <see cref="XenApiException"/>.
/// </summary>
/// <remarks>The pool sends 200 before it opens the disk: a failure after that shows as a second status line in the body, as a short body, or only in the task.</remarks>
public sealed class VdiExportStream : Stream
{
    private static ReadOnlySpan<byte> StatusLine => "HTTP/1."u8;

    private readonly XenServerClient _client;
    private readonly HttpResponseMessage _response;
    private readonly Stream _body;
    private readonly byte[] _head = new byte[StatusLine.Length];
    private readonly VhdStreamCheck? _vhd;
    private int _headLength;
    private int _headGiven;
    private bool _headRead;
    private bool _ended;
    private bool _disposed;

    internal VdiExportStream(XenServerClient client, HttpResponseMessage response, Stream body, Vdi vdi, OpaqueRef task, VdiExportFormat format)
    {
        _client = client;
        _response = response;
        _body = body;
        VirtualBytes = vdi.VirtualBytes;
        Task = task;
        Format = format;
        _vhd = format == VdiExportFormat.Vhd ? new VhdStreamCheck(vdi.VirtualBytes) : null;
    }

    /// <summary>Size of the disk, which is also the length of a raw export.</summary>
    public long VirtualBytes { get; }

    public VdiExportFormat Format { get; }

    /// <summary>The pool's task of this export.</summary>
    public OpaqueRef Task { get; }

    public long BytesRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => BytesRead; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_ended || buffer.IsEmpty) return 0;
        if (!_headRead) await ReadHeadAsync(cancellationToken);
        int read;
        if (_headGiven < _headLength)
        {
            read = Math.Min(buffer.Length, _headLength - _headGiven);
            _head.AsMemory(_headGiven, read).CopyTo(buffer);
            _headGiven += read;
        }
        else
        {
            read = await ReadBodyAsync(buffer, cancellationToken);
        }
        BytesRead += read;
        if (Format == VdiExportFormat.Raw && BytesRead > VirtualBytes) throw Broken($"More than the disk's {VirtualBytes} bytes came.");
        if (_vhd?.Take(buffer.Span[..read]) is { } wrong) throw Broken(wrong);
        if (read == 0) await EndAsync(cancellationToken);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read an export asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    [SuppressMessage("Usage", "CA2215:Dispose methods should call base class dispose", Justification = "The base would dispose synchronously.")]
    public override async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await _body.DisposeAsync();
        _response.Dispose();
        await VdiExport.TidyAsync(_client, Task, cancel: !_ended);
        GC.SuppressFinalize(this);
    }

    protected override void Dispose(bool disposing)
    {
        // Synchronous disposal closes the connection, which makes the pool give up; the task's row is left to the pool.
        if (disposing && !_disposed)
        {
            _disposed = true;
            _body.Dispose();
            _response.Dispose();
        }
        base.Dispose(disposing);
    }

    private async Task ReadHeadAsync(CancellationToken cancellation)
    {
        while (_headLength < _head.Length)
        {
            var read = await ReadBodyAsync(_head.AsMemory(_headLength), cancellation);
            if (read == 0) break;
            _headLength += read;
        }
        _headRead = true;
        if (!_head.AsSpan(0, _headLength).SequenceEqual(StatusLine)) return;
        // A disk cannot be told from its bytes, but one that begins with a status line is, in practice, the pool's error page.
        throw await FailureAsync(cancellation) ?? Broken("The pool sent an error in place of the disk.");
    }

    private async ValueTask<int> ReadBodyAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        var connection = _client.Connection;
        using var idle = new CancellationTokenSource(connection.Options.StreamIdleTimeout, connection.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, idle.Token);
        try
        {
            return await _body.ReadAsync(buffer, linked.Token);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw Broken($"No byte came for {connection.Options.StreamIdleTimeout.TotalSeconds:0.#} s.", fault);
        }
        catch (Exception fault) when (fault is IOException or HttpRequestException)
        {
            throw await FailureAsync(cancellation) ?? Broken("The connection broke.", fault);
        }
    }

    private async Task EndAsync(CancellationToken cancellation)
    {
        var connection = _client.Connection;
        using var deadline = new CancellationTokenSource(connection.Options.ExportEndTimeout, connection.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            for (var pause = TimeSpan.FromMilliseconds(20); ; pause = TimeSpan.FromMilliseconds(Math.Min(1000, pause.TotalMilliseconds * 2)))
            {
                var task = await _client.Tasks.FindAsync(Task, linked.Token) ?? throw Broken("The task of the export is gone, so nothing says that all went well.");
                if (task.FindFailure() is { } failure) throw Failed(failure);
                if (task.Status == XenTaskStatus.Success) break;
                await System.Threading.Tasks.Task.Delay(pause, connection.Time, linked.Token);
            }
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw Broken($"The task of the export did not end within {connection.Options.ExportEndTimeout.TotalSeconds:0.#} s after the last byte.", fault);
        }
        if (Format == VdiExportFormat.Raw && BytesRead != VirtualBytes) throw Broken($"The export ended after {BytesRead} of {VirtualBytes} bytes.");
        if (_vhd?.End() is { } wrong) throw Broken(wrong);
        _ended = true;
    }

    /// <summary>Why the task says it failed, if it does; the question itself must not hide the first fault.</summary>
    private async Task<XenApiException?> FailureAsync(CancellationToken cancellation)
    {
        try
        {
            return (await _client.Tasks.FindAsync(Task, cancellation))?.FindFailure() is { } failure ? Failed(failure) : null;
        }
        catch (XenApiException)
        {
            return null;
        }
    }

    /// <summary>Reading changes nothing, so whatever is open about a write is merely passing here.</summary>
    private static XenApiException Failed(XenApiException failure) => failure.Kind == XenApiErrorKind.Reconcile
        ? new XenApiException("export_raw_vdi", failure.Code, failure.Parameters, XenApiErrorKind.Transient, "The export failed; start it again from the beginning.", failure)
        : failure;

    private XenApiException Broken(string note, Exception? inner = null) =>
        new("export_raw_vdi", XenApiErrors.ExportBroken, [], XenApiErrorKind.Transient, $"{note} Read {BytesRead} bytes; start the export again from the beginning.", inner);
}
