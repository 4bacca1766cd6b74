using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A request's body as a planned fault lets it arrive: cut, corrupted, or broken off by a restart of the toolstack.</summary>
/// <param name="length">How long the body is.</param>
internal sealed class FaultedUpload(Stream inner, long length, FaultSpecification fault) : Stream
{
    private readonly long _limit = fault.Action is FaultAction.Truncate or FaultAction.Restart ? Math.Min(fault.Bytes, length) : length;
    private long _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <exception cref="ToolstackGone">The planned restart is due.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at == _limit && fault.Action == FaultAction.Restart)
            throw new ToolstackGone();
        if (_at == _limit && _limit < length)
            fault.Shows();
        var read = await inner.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _limit - _at)], cancellationToken);
        if (fault.Action == FaultAction.Corrupt)
            CorruptedBytes.Turn(fault, _at, buffer.Span[..read]);
        _at += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read it asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
