using System.Runtime.CompilerServices;

namespace SnapshotWorkflows.Secondary.Throttle;

/// <summary>What a destination may take.</summary>
public sealed class StoreThrottleOptions
{
    /// <summary>Bytes a second, both ways together; null = as fast as it goes.</summary>
    public long? BytesPerSecond { get; set; }

    /// <summary>Calls at a time; null = as many as there are.</summary>
    public int? Concurrency { get; set; }

    public bool IsOff => BytesPerSecond is null && Concurrency is null;
}

/// <summary>Holds calls back so that a destination is not asked for more than it may take, whoever asks: all jobs of this process share one limit.</summary>
public sealed class ThrottledStore : StoreDecorator, IDisposable
{
    private readonly TransferPacer? _pacer;
    private readonly SemaphoreSlim? _places;

    public ThrottledStore(ISecondaryStore inner, StoreThrottleOptions options, TimeProvider time)
        : base(inner)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.BytesPerSecond ?? 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Concurrency ?? 1);
        _pacer = options.BytesPerSecond is { } rate ? new TransferPacer(rate, time) : null;
        _places = options.Concurrency is { } places ? new SemaphoreSlim(places, places) : null;
    }

    public override Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation) =>
        base.PutAsync(name, _pacer is null ? content : new PacedStream(content, _pacer), cancellation);

    /// <remarks>A place is held while the store works, not while the reader does: he may ask the same store for something else before he goes on.</remarks>
    public override async IAsyncEnumerable<StoreObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var objects = Inner.ListAsync(prefix, cancellation).GetAsyncEnumerator(cancellation);
        while (await AroundAsync(new StoreCall(StoreOperation.List, 0, Repeatable: false), _ => objects.MoveNextAsync().AsTask(), cancellation))
            yield return objects.Current;
    }

    public void Dispose() => _places?.Dispose();

    protected override async Task<T> AroundAsync<T>(StoreCall call, Func<CancellationToken, Task<T>> act, CancellationToken cancellation)
    {
        if (_pacer is not null && call.Bytes > 0)
            await _pacer.WaitAsync(call.Bytes, cancellation);
        if (_places is null)
            return await act(cancellation);
        await _places.WaitAsync(cancellation);
        try
        {
            return await act(cancellation);
        }
        finally
        {
            _places.Release();
        }
    }

    private sealed class PacedStream(Stream inner, TransferPacer pacer) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException("This stream only goes forward.");

        public override long Position
        {
            get => throw new NotSupportedException("This stream only goes forward.");
            set => throw new NotSupportedException("This stream only goes forward.");
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            await pacer.WaitAsync(read, cancellationToken);
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("This stream only goes forward.");
        public override void SetLength(long value) => throw new NotSupportedException("This stream is read-only.");
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("This stream is read-only.");
    }
}
