namespace SnapshotWorkflows.Tests.Contracts.Store;

/// <summary>Gives some bytes, then fails as a lost connection does.</summary>
internal sealed class BreakingStream(long breaksAfter) : MemoryStream
{
    private long _given;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_given >= breaksAfter)
            throw new TimeoutException("The source went silent.");
        _given += buffer.Length;
        return ValueTask.FromResult(buffer.Length);
    }
}

/// <summary>Must not be read.</summary>
internal sealed class UnreadableStream : MemoryStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("This stream was read.");
}
